import { BufferSource } from '@caissa/bytes';
import { readFloat32 } from '@caissa/tensor';
import { describe, expect, it } from 'vitest';
import { rootDict } from '../test-support/fixtures.js';
import {
  dict,
  global,
  int,
  join,
  list,
  no,
  none,
  op,
  pickle,
  storage,
  tensor,
  text,
  yes,
} from '../test-support/pickle-assembly.js';
import { refusal } from '../test-support/small-checkpoint.js';
import { OPCODE } from './pickle/opcode.js';
import { isTensor } from './pickle-value.js';
import { type CheckpointFile, readCheckpoint } from './read-checkpoint.js';

const MAGIC = pickle(op(OPCODE.LONG1, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19));
const VERSION = pickle(int(1001));
const MACHINE = pickle(dict(text('protocol_version'), int(1001), text('little_endian'), yes));
const ROOT = pickle(
  dict(
    text('a'),
    tensor({ shape: [int(2)], stride: [int(1)] }, storage('71', int(2))),
    text('b'),
    tensor({ shape: [int(1)], stride: [int(1)] }, storage('70', int(1), global('torch', 'DoubleStorage'))),
  ),
);
const KEYS = pickle(list(text('70'), text('71')));

const counted = (count: number, data: ArrayBufferView): Buffer => {
  const bytes = Buffer.alloc(8 + data.byteLength);
  bytes.writeBigUInt64LE(BigInt(count));
  bytes.set(new Uint8Array(data.buffer), 8);
  return bytes;
};
const STORAGES = [counted(1, Float64Array.of(2.5)), counted(2, Float32Array.of(7, 8))];

const honest = {
  magic: MAGIC,
  version: VERSION,
  machine: MACHINE,
  root: ROOT,
  keys: KEYS,
  storages: Buffer.concat(STORAGES),
};

async function read(changes: Partial<typeof honest> = {}): Promise<CheckpointFile> {
  return readCheckpoint(new BufferSource(join(...Object.values({ ...honest, ...changes }))));
}

describe('legacy files', () => {
  it('have their storages in the order of the list, not of the tensors', async () => {
    const file = await read();
    expect(file.container).toBe('legacy');
    const [a, b] = ['a', 'b'].map((key) => rootDict(file).get(key));
    expect(isTensor(a) && [...(await readFloat32(a))]).toEqual([7, 8]);
    expect(isTensor(b) && [...(await readFloat32(b))]).toEqual([2.5]);
  });

  it('may have as many storages as an archive has entries, and no more', async () => {
    const keys = Array.from({ length: 20_001 }, (_, key) => String(key));
    const root = pickle(list(...keys.map((key) => storage(key, int(0)))));
    const attempt = read({ root, keys: pickle(list(...keys.map((key) => text(key)))), storages: Buffer.alloc(0) });
    expect(await refusal(attempt)).toBe('PICKLE_LIMIT');
  });

  it('may be followed by what a transfer appends, and say so', async () => {
    const file = await read({ storages: Buffer.concat([...STORAGES, Buffer.from('\r\n\0')]) });
    expect(file.warnings).toEqual([expect.stringContaining('no checksums'), expect.stringContaining('3 bytes')]);
    const long = Buffer.concat([...STORAGES, Buffer.alloc(65_536)]);
    expect(await refusal(read({ storages: long }))).toBe('ZIP_AMBIGUOUS');
  });

  it('may have a pickle that is larger than the first look at it', async () => {
    const root = pickle(dict(text('x'), text('y'.repeat(1_000_000))));
    const file = await read({ root, keys: pickle(list()), storages: Buffer.alloc(0) });
    expect(rootDict(file).get('x')).toHaveLength(1_000_000);
  });

  it.each<[string, string, Partial<typeof honest>]>([
    ['NOT_A_CHECKPOINT', 'another magic number', { magic: pickle(int(7)) }],
    ['LEGACY_FORMAT', 'another version', { version: pickle(int(1000)) }],
    ['LEGACY_FORMAT', 'big-endian numbers', { machine: pickle(dict(text('little_endian'), no)) }],
    ['LEGACY_FORMAT', 'a machine that is not described', { machine: pickle(none) }],
    ['PICKLE_DANGEROUS', 'a command to run', { root: pickle(global('posix', 'system')) }],
    ['PICKLE_DANGEROUS', 'a command in the description of the machine', { machine: pickle(global('posix', 'system')) }],
    ['PICKLE_CORRUPT', 'a storage in the list of keys', { keys: pickle(list(storage('70', int(1)))) }],
    ['PICKLE_OPCODE', 'an unknown operation', { root: pickle(op(0xff)) }],
    ['STORAGE_SIZE', 'a missing key', { keys: pickle(list(text('70'))) }],
    ['STORAGE_SIZE', 'an unknown key', { keys: pickle(list(text('70'), text('72'))) }],
    ['STORAGE_SIZE', 'a key twice', { keys: pickle(list(text('70'), text('70'))) }],
    ['STORAGE_SIZE', 'keys that are no list', { keys: pickle(none) }],
    [
      'STORAGE_SIZE',
      'a count that claims more',
      { storages: Buffer.concat([counted(2, Float64Array.of(2.5)), counted(2, Float32Array.of(7, 8))]) },
    ],
    [
      'STORAGE_SIZE',
      'a count that claims less',
      { storages: Buffer.concat([counted(1, Float64Array.of(2.5)), counted(1, Float32Array.of(7, 8))]) },
    ],
    [
      'STORAGE_SIZE',
      'a negative count',
      { storages: Buffer.concat([Buffer.alloc(8, 0xff), Buffer.concat(STORAGES).subarray(8)]) },
    ],
    ['ZIP_TRUNCATED', 'a last storage that is cut', { storages: Buffer.concat(STORAGES).subarray(0, -1) }],
    ['ZIP_TRUNCATED', 'a storage whose count is cut', { storages: Buffer.concat(STORAGES).subarray(0, 20) }],
    ['ZIP_TRUNCATED', 'no storages', { storages: Buffer.alloc(0) }],
    [
      'ZIP_TRUNCATED',
      'a root without end',
      { root: ROOT.subarray(0, 40), keys: Buffer.alloc(0), storages: Buffer.alloc(0) },
    ],
    [
      'ZIP_AMBIGUOUS',
      'bytes after the last storage',
      { storages: Buffer.concat([...STORAGES, Buffer.from('hidden')]) },
    ],
  ])('give %s for %s', async (code, _name, changes) => {
    expect(await refusal(read(changes))).toBe(code);
  });
});
