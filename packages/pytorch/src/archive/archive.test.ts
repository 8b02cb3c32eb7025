import { crc32, deflateRawSync } from 'node:zlib';
import { BufferSource } from '@caissa/bytes';
import { readFloat32 } from '@caissa/tensor';
import { describe, expect, it } from 'vitest';
import { asDict, rootDict } from '../../test-support/fixtures.js';
import { buildArchive, fields, type HostileEntry, type HostileOptions } from '../../test-support/hostile-archive.js';
import {
  changed,
  readArchive,
  refusal,
  SMALL_PICKLE,
  SMALL_VALUES,
  smallEntries,
} from '../../test-support/small-checkpoint.js';
import { isTensor } from '../pickle-value.js';
import { readCheckpoint } from '../read-checkpoint.js';

const archiveRefusal = (entries: readonly HostileEntry[], options?: HostileOptions): Promise<string> =>
  refusal(readArchive(entries, options));
const extra = (id: number, ...data: (readonly [2 | 4 | 8, number])[]): Buffer =>
  Buffer.concat([fields([2, id], [2, fields(...data).length]), fields(...data)]);

async function valuesOf(attempt: ReturnType<typeof readArchive>): Promise<number[]> {
  const tensor = rootDict(await attempt).get('w');
  return isTensor(tensor) ? [...(await readFloat32(tensor))] : [];
}

describe('archives that are accepted', () => {
  it('reads the plain one that the refused ones are made from', async () => {
    expect(await valuesOf(readArchive(smallEntries()))).toEqual([...SMALL_VALUES]);
  });

  it('reads zip64 end records that repeat the values or complete them', async () => {
    expect(await archiveRefusal(smallEntries(), { zip64: {} })).toBe('accepted');
    const open = { count: 0xffff, totalCount: 0xffff, directorySize: 0xffff_ffff, directoryOffset: 0xffff_ffff };
    expect(await archiveRefusal(smallEntries(), { zip64: {}, end: open })).toBe('accepted');
  });

  it.each([
    ['16 bytes', [4, 0x0807_4b50], 4],
    ['24 bytes', [4, 0x0807_4b50], 8],
    ['12 bytes, unsigned', undefined, 4],
    ['20 bytes, unsigned', undefined, 8],
  ] as const)('reads a descriptor of %s', async (_name, signature, width) => {
    const open = { flags: 0x0808, crc32: 0, compressedSize: 0, size: 0 };
    const data = SMALL_PICKLE;
    const after = fields(
      ...(signature ? [signature] : []),
      [4, crc32(data)],
      [width, data.length],
      [width, data.length],
    );
    expect(await archiveRefusal(changed(0, { local: open, central: { flags: 0x0808 }, after }))).toBe('accepted');
  });

  it('reads entries with zip64 sizes, extra fields, and folders', async () => {
    const size = SMALL_VALUES.byteLength;
    const wide = {
      compressedSize: 0xffff_ffff,
      size: 0xffff_ffff,
      extra: Buffer.concat([extra(0x4246, [8, 0]), extra(1, [8, size], [8, size])]),
    };
    expect(await archiveRefusal(changed(2, { local: wide, central: wide }))).toBe('accepted');
    expect(await archiveRefusal([...smallEntries(), { name: 'm/data/', data: new Uint8Array(0) }])).toBe('accepted');
  });

  it.each<[string, number, HostileOptions]>([
    ['a line end', 2, { after: Buffer.from('\r\n') }],
    ['a byte', 1, { after: Buffer.alloc(1) }],
    ['a block of zeros', 512, { after: Buffer.alloc(512) }],
    ['as much as PyTorch passes over', 65_535, { after: Buffer.alloc(65_535) }],
    ['a comment', 5, { end: { comment: Buffer.from('hello') } }],
    ['a comment that is longer than said', 5, { end: { comment: Buffer.from('hello'), commentLength: 3 } }],
    ['a comment that is shorter than said', 5, { end: { comment: Buffer.from('hello'), commentLength: 9 } }],
    ['bytes after zip64 end records', 2, { zip64: {}, after: Buffer.from('\r\n') }],
  ])('reads one that is followed by %s, and says so', async (_name, count, options) => {
    const attempt = readArchive(smallEntries(), options);
    expect(await valuesOf(attempt)).toEqual([...SMALL_VALUES]);
    expect((await attempt).warnings).toEqual([expect.stringContaining(`${count} byte`)]);
    expect((await readArchive(smallEntries())).warnings).toEqual([]);
  });

  it('reads a checkpoint whose every CRC is 0, as PyTorch writes without checksums, and says so', async () => {
    const none = smallEntries().map((entry) => ({ ...entry, local: { crc32: 0 }, central: { crc32: 0 } }));
    const file = await readArchive(none);
    expect(file.hasChecksums).toBe(false);
    expect(file.warnings).toEqual(['The file states no checksums, so damage to it cannot be noticed.']);
    expect(file.storages.get('0')).not.toHaveProperty('crc32');
  });
});

describe('ZIP_AMBIGUOUS', () => {
  const size = SMALL_VALUES.byteLength;
  it.each<[string, HostileEntry[], HostileOptions?]>([
    ['two entries of one name', [...smallEntries(), { name: 'm/data/0', data: Buffer.alloc(size) }]],
    ['two names that differ by case', [...smallEntries(), { name: 'm/DATA.pkl', data: Buffer.alloc(1) }]],
    [
      'names that differ by normalisation',
      [...smallEntries(), ...['m/\u00e9', 'm/e\u0301'].map((name) => ({ name, data: Buffer.alloc(1) }))],
    ],
    ['another local name', changed(2, { local: { name: 'm/data/9' } })],
    ['another local name of another length', changed(2, { local: { name: 'm/data/00' } })],
    ['another local method', changed(2, { local: { method: 8 } })],
    ['other local flags', changed(2, { local: { flags: 0 } })],
    ['another local size', changed(2, { local: { size: size + 1 } })],
    ['another local compressed size', changed(2, { local: { compressedSize: size - 1 } })],
    ['another local CRC', changed(2, { local: { crc32: 1 } })],
    ['an open local size without descriptor', changed(2, { local: { size: 0, compressedSize: 0, crc32: 0 } })],
    ['two sizes of a stored entry', changed(2, { central: { size: size + 1 }, local: { size: size + 1 } })],
    [
      'an overlap',
      changed(2, {
        central: { size: size + 60, compressedSize: size + 60 },
        local: { size: size + 60, compressedSize: size + 60 },
      }),
    ],
    ['two headers at one place', changed(3, { central: { offset: 0 } })],
    ['a header where there is none', changed(3, { central: { offset: 7 } })],
    ['a header past the directory', changed(3, { central: { offset: 0x00ff_ffff } })],
    ['a gap that holds data', changed(2, { after: Buffer.from('hidden') })],
    ['a gap of zeros', changed(2, { after: Buffer.alloc(64) })],
    ['a missing descriptor', changed(2, { local: { flags: 0x0808 }, central: { flags: 0x0808 } })],
    [
      'a descriptor of another size',
      changed(2, {
        local: { flags: 0x0808 },
        central: { flags: 0x0808 },
        after: fields([4, 0x0807_4b50], [4, crc32(new Uint8Array(SMALL_VALUES.buffer))], [4, size], [4, size + 1]),
      }),
    ],
    [
      'a descriptor with another signature',
      changed(2, {
        local: { flags: 0x0808 },
        central: { flags: 0x0808 },
        after: fields([4, 7], [4, crc32(new Uint8Array(SMALL_VALUES.buffer))], [4, size], [4, size]),
      }),
    ],
    ['bytes before the directory', smallEntries(), { beforeDirectory: Buffer.from('hidden') }],
    ['bytes after the directory', smallEntries(), { beforeEnd: Buffer.from('hidden') }],
    [
      'two end records before the last bytes',
      smallEntries(),
      { end: { comment: Buffer.from('PK\u0005\u0006') }, after: Buffer.alloc(30) },
    ],
    ['bytes before the start', smallEntries(), { before: Buffer.from('PK\u0003\u0004hidden') }],
    ['bytes before the start that are no zip', smallEntries(), { before: Buffer.from('#!/bin/sh\n') }],
    [
      'an offset that allows for a prefix',
      smallEntries(),
      { before: Buffer.from('PK\u0003\u0004'), end: { directoryOffset: 0 } },
    ],
    [
      'an end record inside the comment',
      smallEntries(),
      { end: { comment: buildArchive(smallEntries()).subarray(-22) } },
    ],
    ['too few entries counted', smallEntries(), { end: { count: 3, totalCount: 3 } }],
    ['more entries, which are not read', changed(3, { central: { flags: 0x1 } }), { end: { count: 2, totalCount: 2 } }],
    ['too many entries counted', smallEntries(), { end: { count: 5, totalCount: 5 } }],
    ['two counts', smallEntries(), { end: { count: 3 } }],
    ['a second disk', smallEntries(), { end: { disk: 1 } }],
    ['an entry on a second disk', changed(2, { central: { disk: 1 } })],
    ['a directory size that lies', smallEntries(), { end: { directorySize: 46 } }],
    ['a directory offset that lies', smallEntries(), { end: { directoryOffset: 46 } }],
    ['zip64 counts that lie', smallEntries(), { zip64: { count: 3, totalCount: 3 } }],
    ['two zip64 counts', smallEntries(), { zip64: { count: 3 } }],
    ['zip64 offsets that lie', smallEntries(), { zip64: { directoryOffset: 0 } }],
    ['zip64 sizes that lie', smallEntries(), { zip64: { directorySize: 2 ** 40 } }],
    ['zip64 values past 2^53', smallEntries(), { zip64: { directorySize: 2 ** 60 } }],
    ['a zip64 locator that points elsewhere', smallEntries(), { zip64: { locator: 0 } }],
    ['a zip64 record that claims to be longer', smallEntries(), { zip64: { recordSize: 100 } }],
    ['a zip64 disk', smallEntries(), { zip64: { disk: 1 } }],
    ['zip64 sizes that are not needed', changed(2, { central: { extra: extra(1, [8, size]) } })],
    ['zip64 sizes that are missing', changed(2, { central: { size: 0xffff_ffff } })],
    ['zip64 sizes twice', changed(2, { central: { extra: Buffer.concat([extra(1), extra(1)]) } })],
    [
      'local zip64 sizes that lie',
      changed(2, {
        local: { size: 0xffff_ffff, compressedSize: 0xffff_ffff, extra: extra(1, [8, size], [8, size + 1]) },
      }),
    ],
    [
      'local zip64 sizes cut short',
      changed(2, { local: { size: 0xffff_ffff, compressedSize: 0xffff_ffff, extra: extra(1, [8, size]) } }),
    ],
    ['extra fields that overrun', changed(2, { central: { extra: fields([2, 0x4246], [2, 9]) } })],
    ['extra fields that are cut', changed(2, { local: { extra: Buffer.from([1]) } })],
    ['a second name', changed(2, { central: { extra: extra(0x7075, [4, 0]) } })],
    ['a second local name', changed(2, { local: { extra: extra(0x7075, [4, 0]) } })],
    ['a folder that holds data', [...smallEntries(), { name: 'm/x/', data: Buffer.alloc(3) }]],
  ])('refuses %s', async (_name, entries, options) => {
    expect(await archiveRefusal(entries, options)).toBe('ZIP_AMBIGUOUS');
  });
});

describe('ZIP_ENCRYPTED', () => {
  it.each([0x1, 0x20, 0x40, 0x2000])('refuses flag 0x%x in either header', async (flag) => {
    const flags = 0x0800 | flag;
    expect(await archiveRefusal(changed(2, { central: { flags } }))).toBe('ZIP_ENCRYPTED');
    expect(await archiveRefusal(changed(2, { local: { flags } }))).toBe('ZIP_ENCRYPTED');
  });
});

describe('ZIP_PATH', () => {
  it.each([
    '/etc/passwd',
    'C:/x',
    'c:x/y',
    '../x',
    'm/../x',
    'm/..',
    'm/./x',
    'm//x',
    'm\\x',
    'm/a\\..\\b',
    'm/\0x',
    'm/\nx',
    'other/x',
    'x',
    'M/x',
    `m/${'x'.repeat(1_100)}`,
  ])('refuses the name %j', async (name) => {
    expect(await archiveRefusal([...smallEntries(), { name, data: Buffer.alloc(1) }])).toBe('ZIP_PATH');
  });

  it('refuses names that are not UTF-8, or not ASCII without saying so', async () => {
    const bad = { name: Buffer.from([0x6d, 0x2f, 0xff]) };
    expect(await archiveRefusal(changed(2, { local: bad, central: bad }))).toBe('ZIP_PATH');
    const unmarked = { name: 'm/\u00e9', flags: 0 };
    expect(await archiveRefusal(changed(2, { local: unmarked, central: unmarked }))).toBe('ZIP_PATH');
  });
});

describe('deflated entries', () => {
  const deflated = (content: Uint8Array, declared: Partial<{ size: number; data: Uint8Array; crc32: number }> = {}) => {
    const header = { method: 8, crc32: declared.crc32 ?? crc32(content) };
    return {
      data: declared.data ?? deflateRawSync(content),
      size: declared.size ?? content.length,
      local: header,
      central: header,
    };
  };
  const storageBytes = new Uint8Array(SMALL_VALUES.buffer);

  it('reads the pickle and the storages of a checkpoint that was packed again', async () => {
    const entries = smallEntries().map((entry) => ({ ...entry, ...deflated(entry.data) }));
    expect(await valuesOf(readArchive(entries))).toEqual([...SMALL_VALUES]);
  });

  it('refuses what expands more than 20 times, by its headers', async () => {
    expect(await archiveRefusal(changed(3, deflated(Buffer.alloc(100_000))))).toBe('ZIP_LIMIT');
  });

  it.each([
    [
      'ZIP_LIMIT',
      'expands past its declared size',
      deflated(Buffer.concat([SMALL_PICKLE, Buffer.alloc(9)]), { size: SMALL_PICKLE.length }),
    ],
    ['ZIP_LIMIT', 'is a bomb behind a small size', deflated(Buffer.alloc(1e6), { size: SMALL_PICKLE.length })],
    ['ZIP_TRUNCATED', 'ends before its declared size', deflated(SMALL_PICKLE, { size: SMALL_PICKLE.length + 1 })],
    ['ZIP_CRC', 'is cut short', deflated(SMALL_PICKLE, { data: deflateRawSync(SMALL_PICKLE).subarray(0, -9) })],
    ['ZIP_CRC', 'is not deflated at all', deflated(SMALL_PICKLE, { data: Buffer.alloc(90, 0xff) })],
    ['ZIP_CRC', 'has another CRC', deflated(SMALL_PICKLE, { crc32: 5 })],
    [
      'ZIP_AMBIGUOUS',
      'is followed by hidden bytes',
      deflated(SMALL_PICKLE, { data: Buffer.concat([deflateRawSync(SMALL_PICKLE), Buffer.from('hidden')]) }),
    ],
  ] as const)('gives %s for data.pkl that %s', async (code, _name, change) => {
    expect(await archiveRefusal(changed(0, change))).toBe(code);
  });

  it('says so when a storage turns out longer while it is read', async () => {
    const file = await readArchive(changed(2, deflated(Buffer.alloc(99, 7), { size: storageBytes.length })));
    const tensor = asDict(file.root).get('w');
    expect(await refusal(isTensor(tensor) ? readFloat32(tensor) : Promise.resolve())).toBe('ZIP_LIMIT');
  });

  it('refuses other methods', async () => {
    const method = { method: 14 };
    expect(await archiveRefusal(changed(2, { local: method, central: method }))).toBe('NOT_A_CHECKPOINT');
  });
});

describe('damage', () => {
  it('finds a changed byte of data.pkl', async () => {
    const bytes = buildArchive(smallEntries());
    const at = bytes.indexOf('torch');
    bytes[at] = 0x54;
    expect(await refusal(readCheckpoint(new BufferSource(bytes)))).toBe('ZIP_CRC');
  });

  it('refuses the archive cut at every length', async () => {
    const bytes = buildArchive(smallEntries(), { zip64: {} });
    const codes = new Set<string>();
    for (let length = 0; length < bytes.length; length++) {
      codes.add(await refusal(readCheckpoint(new BufferSource(bytes.subarray(0, length)))));
    }
    expect([...codes].sort()).toEqual(['NOT_A_CHECKPOINT', 'ZIP_TRUNCATED']);
  });

  it('refuses an archive that is followed by more than PyTorch passes over', async () => {
    expect(await archiveRefusal(smallEntries(), { after: Buffer.alloc(65_536) })).toBe('ZIP_TRUNCATED');
  });

  it('says what several archives in one file are', async () => {
    const two = Buffer.concat([buildArchive(smallEntries()), buildArchive(smallEntries(), { zip64: {} })]);
    await expect(readCheckpoint(new BufferSource(two))).rejects.toThrow(/several in this file.*dcp_to_torch_save\.$/);
  });

  it('refuses more entries than a checkpoint can have, before it reads them', async () => {
    const zip64 = { count: 300_000, totalCount: 300_000 };
    const end = { count: 0xffff, totalCount: 0xffff };
    expect(await archiveRefusal(smallEntries(), { zip64, end })).toBe('ZIP_LIMIT');
  });
});
