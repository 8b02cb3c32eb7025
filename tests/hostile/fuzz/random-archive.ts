import { deflateRawSync } from 'node:zlib';
import {
  buildArchive,
  fields,
  type HostileEntry,
  type HostileOptions,
} from '../../../packages/pytorch/test-support/hostile-archive.js';
import { smallEntries } from '../../../packages/pytorch/test-support/small-checkpoint.js';
import { mutateBytes } from './mutate.js';
import type { Random } from './random.js';
import { RandomPickle } from './random-pickle.js';

const NAMES = [
  'm/data.pkl',
  'm/data/0',
  'm/data/1',
  'm/data/00',
  'm/version',
  'm/byteorder',
  'm/.format_version',
  'm/.data/serialization_id',
  'm/',
  'm/data/',
  'm/constants.pkl',
  'm/code/x.py',
  'n/data.pkl',
  'data.pkl',
  '../m/x',
  '/m/x',
  'm\\x',
  'm/\u0000',
  'm/é',
  'm/e\u0301',
  'm/DATA.PKL',
  '',
  'model.pt',
  'arr_0.npy',
  `m/${'x'.repeat(2000)}`,
];

/** A checkpoint's archive, of which fields lie, entries are others, or bytes are changed. */
export function randomArchive(random: Random): Buffer {
  const entries = random.percent(10)
    ? strangeEntries(random)
    : smallEntries(random.percent(20) ? new RandomPickle(random).whole() : undefined);
  const lying = entries.map((entry) => (random.percent(25) ? lyingEntry(packed(entry, random), random) : entry));
  if (lying.length > 0 && random.percent(10))
    lying.splice(random.below(lying.length + 1), random.below(2), random.pick(lying));
  const archive = buildArchive(lying, random.percent(40) ? lyingOptions(random) : {});
  return random.percent(30) ? mutateBytes(archive, random) : archive;
}

function strangeEntries(random: Random): HostileEntry[] {
  return Array.from({ length: random.few() }, () => ({
    name: random.pick(NAMES),
    data: random.bytes(random.below(60)),
  }));
}

/** The entry, now and then compressed: soundly, or as what is no compressed data. */
function packed(entry: HostileEntry, random: Random): HostileEntry {
  if (!random.percent(40)) return entry;
  const source = random.percent(10) ? Buffer.alloc(random.below(100_000)) : Buffer.from(entry.data);
  const data = random.percent(80) ? deflateRawSync(source) : random.bytes(30);
  const method = { method: 8 };
  return { ...entry, data, size: source.length, local: method, central: method };
}

function lyingEntry(entry: HostileEntry, random: Random): HostileEntry {
  const lie = () => {
    const lies: (() => NonNullable<HostileEntry['central']>)[] = [
      () => ({ name: random.pick(NAMES) }),
      () => ({ flags: random.bits(16) }),
      () => ({ method: random.pick([0, 8, 9, 12, 93, 95]) }),
      () => ({ crc32: random.bits(32) }),
      () => ({ compressedSize: random.bits(32) }),
      () => ({ size: random.bits(32) }),
      () => ({ offset: random.percent(50) ? random.below(800) : random.bits(32) }),
      () => ({ disk: random.bits(16) }),
      () => ({ extra: extra(random) }),
    ];
    return random.pick(lies)();
  };
  const both = random.percent(40) ? lie() : {};
  return {
    ...entry,
    central: { ...entry.central, ...both, ...(random.percent(40) ? lie() : {}) },
    local: { ...entry.local, ...both, ...(random.percent(40) ? lie() : {}) },
    ...(random.percent(20) ? { after: random.bytes(random.pick([1, 12, 16, 20, 24])) } : {}),
  };
}

function extra(random: Random): Buffer {
  const values = Array.from(
    { length: random.below(4) },
    () => [random.pick([4, 8] as const), random.bits(32)] as const,
  );
  const data = fields(...values);
  return Buffer.concat([
    fields([2, random.pick([1, 0x4246, 0x7075, 0x9901])], [2, random.percent(80) ? data.length : random.bits(16)]),
    data,
  ]);
}

function lyingOptions(random: Random): HostileOptions {
  const some = (): Buffer =>
    random.pick([Buffer.from('\r\n'), Buffer.alloc(512), random.bytes(10), Buffer.from('PK\u0003\u0004')]);
  const end = (): NonNullable<HostileOptions['end']> => {
    const lies: (() => NonNullable<HostileOptions['end']>)[] = [
      () => ({ disk: random.bits(16) }),
      () => ({ count: random.bits(16) }),
      () => ({ totalCount: random.bits(16) }),
      () => ({ directorySize: random.percent(50) ? random.below(400) : random.bits(32) }),
      () => ({ directoryOffset: random.percent(50) ? random.below(800) : random.bits(32) }),
      () => ({ comment: random.bytes(random.below(50)) }),
      () => ({ commentLength: random.bits(16) }),
    ];
    return random.pick(lies)();
  };
  const options: (() => HostileOptions)[] = [
    () => ({ before: some() }),
    () => ({ beforeDirectory: some() }),
    () => ({ beforeEnd: some() }),
    () => ({ after: some() }),
    () => ({ end: end() }),
    () => ({ end: { ...end(), ...end() }, zip64: end() }),
    () => ({ zip64: { ...end(), ...(random.percent(30) ? { locator: random.bits(32) } : {}) } }),
    () => ({ zip64: random.percent(50) ? {} : { recordSize: random.bits(32) } }),
  ];
  return random.pick(options)();
}
