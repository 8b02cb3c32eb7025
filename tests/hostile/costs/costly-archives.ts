import { crc32, deflateRawSync } from 'node:zlib';
import {
  fields,
  type HostileEntry,
  type HostileOptions,
} from '../../../packages/pytorch/test-support/hostile-archive.js';
import {
  dict,
  int,
  join,
  pickle,
  storage,
  tensor,
  text,
} from '../../../packages/pytorch/test-support/pickle-assembly.js';
import { smallEntries } from '../../../packages/pytorch/test-support/small-checkpoint.js';
import { dictOf, each, listOf } from './pickle-parts.js';

/** An archive that costs as much as one of its kind can. */
export interface CostlyArchive {
  readonly name: string;
  readonly entries: () => HostileEntry[];
  readonly options?: HostileOptions;
}

const EMPTY = new Uint8Array(0);
const many = (count: number, entry: (number: number) => HostileEntry): HostileEntry[] => [
  ...smallEntries(),
  ...Array.from({ length: count }, (_, number) => entry(number)),
];
const extra = (id: number, sizeBytes: number): Buffer => join(fields([2, id], [2, sizeBytes]), Buffer.alloc(sizeBytes));
const wide = (data: Uint8Array): Buffer => deflateRawSync(data);

/** A pickle of one storage of so many bytes, of which tensors read this and that. */
const readBackwards = (sizeBytes: number, tensors: number): Buffer => {
  const holder = storage('0', int(sizeBytes / 4));
  const view = (number: number) =>
    tensor({ offset: int(sizeBytes / 4 - 1 - number * 1_000), shape: [int(1)], stride: [int(1)] }, holder);
  return pickle(dict(each(tensors, (number) => join(text(`w${number}`), view(number)))));
};

/** Data that takes nearly as much room compressed. */
const noise = (sizeBytes: number): Buffer => {
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at + 4 <= sizeBytes; at += 4)
    bytes.writeUInt32LE(Math.imul(at ^ 0x9e37_79b9, 0x85eb_ca6b) >>> 0, at);
  return bytes;
};

const deflated = (entry: HostileEntry): HostileEntry => {
  const method = { method: 8, crc32: crc32(entry.data) };
  return { ...entry, data: wide(entry.data), size: entry.data.length, local: method, central: method };
};

const described = (number: number): HostileEntry => ({
  name: `m/data/${number + 1}`,
  data: EMPTY,
  local: { flags: 0x0808, crc32: 0 },
  central: { flags: 0x0808 },
  after: fields([4, 0x0807_4b50], [4, 0], [4, 0], [4, 0]),
});

export const COSTLY_ARCHIVES: readonly CostlyArchive[] = [
  ...[19_990, 60_000].flatMap((count) => [
    {
      name: `${count} empty entries`,
      entries: () => many(count, (number) => ({ name: `m/data/${number + 1}`, data: EMPTY })),
    },
    { name: `${count} entries with descriptors`, entries: () => many(count, described) },
  ]),
  {
    name: '32,000 entries of long names',
    entries: () => many(32_000, (number) => ({ name: `m/${number}${'x'.repeat(1_000)}`, data: EMPTY })),
  },
  {
    name: '60,000 long names outside ASCII',
    entries: () => many(60_000, (number) => ({ name: `m/${number}${'é'.repeat(200)}`, data: EMPTY })),
  },
  {
    name: '30,000 names to be composed',
    entries: () => many(30_000, (number) => ({ name: `m/${number}${'e\u0301'.repeat(300)}`, data: EMPTY })),
  },
  {
    name: '30,000 names of many marks',
    entries: () => many(30_000, (number) => ({ name: `m/${number}${'\u0315\u0300'.repeat(200)}`, data: EMPTY })),
  },
  {
    name: '30,000 names in upper case',
    entries: () => many(30_000, (number) => ({ name: `m/${number}${'\u0130'.repeat(400)}`, data: EMPTY })),
  },
  {
    name: '20,000 deep folders',
    entries: () => many(20_000, (number) => ({ name: `m/${'a/'.repeat(490)}${number}`, data: EMPTY })),
  },
  {
    name: '20,000 top folders',
    entries: () => many(20_000, (number) => ({ name: `${number}/${'x'.repeat(900)}`, data: EMPTY })),
  },
  {
    name: 'names of 64 kB',
    entries: () => many(400, (number) => ({ name: `m/${number}${'x'.repeat(65_000)}`, data: EMPTY })),
  },
  {
    name: 'large extra fields in the directory',
    entries: () =>
      many(480, (number) => ({ name: `m/data/${number + 1}`, data: EMPTY, central: { extra: extra(0x4242, 65_000) } })),
  },
  {
    name: 'many extra fields in the directory',
    entries: () =>
      many(480, (number) => ({ name: `m/data/${number + 1}`, data: EMPTY, central: { extra: Buffer.alloc(65_000) } })),
  },
  {
    name: 'large extra fields before the data',
    entries: () =>
      many(4_000, (number) => ({ name: `m/data/${number + 1}`, data: EMPTY, local: { extra: extra(0x4642, 65_000) } })),
  },
  { name: 'a pickle that is one text', entries: () => smallEntries(pickle(text('x'.repeat(60 << 20)))) },
  {
    name: 'a pickle that is compressed 20:1',
    entries: () =>
      smallEntries(pickle(text('x'.repeat(60 << 20)))).map((entry, index) => (index === 0 ? deflated(entry) : entry)),
  },
  {
    name: 'a pickle that is compressed hardly',
    entries: () =>
      smallEntries(pickle(join(Buffer.of(0x42, 0, 0, 0, 3), noise(48 << 20)))).map((entry, index) =>
        index === 0 ? deflated(entry) : entry,
      ),
  },
  {
    name: 'a compressed storage that is read backwards',
    entries: () =>
      smallEntries(readBackwards(16 << 20, 4_000)).map((entry) =>
        entry.name.endsWith('/0') ? deflated({ ...entry, data: noise(16 << 20) }) : entry,
      ),
  },
  {
    name: '60,000 storages',
    entries: () => {
      const data = pickle(
        dictOf(
          each(60_000, (number) =>
            join(text(`w${number}`), tensor({ shape: [int(1)], stride: [int(1)] }, storage(String(number), int(1)))),
          ),
        ),
      );
      return [
        { name: 'm/data.pkl', data },
        ...Array.from({ length: 60_000 }, (_, number) => ({ name: `m/data/${number}`, data: Buffer.alloc(4) })),
      ];
    },
  },
  {
    name: 'storages that are not there',
    entries: () => smallEntries(pickle(listOf(each(200_000, (number) => storage(String(number + 5), int(1)))))),
  },
  { name: 'a storage of a long key', entries: () => smallEntries(pickle(storage('1'.repeat(60 << 20), int(1)))) },
  {
    name: 'a byte order of 60 MB',
    entries: () =>
      smallEntries().map((entry) =>
        entry.name.endsWith('byteorder') ? { ...entry, data: Buffer.alloc(60 << 20, 'l') } : entry,
      ),
  },
  { name: 'a comment', entries: () => smallEntries(), options: { end: { comment: Buffer.alloc(65_000, 'x') } } },
  { name: '64 MB after the end', entries: () => smallEntries(), options: { after: Buffer.alloc(64 << 20) } },
  {
    name: 'a zip of many other files',
    entries: () => Array.from({ length: 60_000 }, (_, number) => ({ name: `f/${number}.py`, data: EMPTY })),
  },
];
