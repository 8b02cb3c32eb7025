import { BufferSource } from '@caissa/bytes';
import { describe, expect, it } from 'vitest';
import { buildArchive, fields, type HostileEntry } from '../../test-support/hostile-archive.js';
import { refusal } from '../../test-support/small-checkpoint.js';
import { readCheckpoint } from '../read-checkpoint.js';

/** What opening may take, with room for a machine that is busy. */
const MAX_CPU_SECONDS = 1;

const NOTHING = Buffer.alloc(0);

/** Extra fields without content: the most that can stand in so many bytes. */
const extraFields = (count: number): Buffer => Buffer.alloc(count * 4).fill(fields([2, 0x4246], [2, 0]));

const named = (count: number, name: (index: number) => string, change: Partial<HostileEntry> = {}): HostileEntry[] =>
  Array.from({ length: count }, (_, index) => ({ name: name(index), data: NOTHING, ...change }));

describe('opening an archive', () => {
  it.each<[string, string, HostileEntry[]]>([
    ['NOT_A_CHECKPOINT', 'as many entries as there may be', named(20_000, (index) => `m/data/${index}`)],
    ['ZIP_LIMIT', 'one entry more', named(20_001, (index) => `m/data/${index}`)],
    ['NOT_A_CHECKPOINT', 'the longest names', named(7_700, (index) => `m/${index}/`.padEnd(1_020, 'x'))],
    ['ZIP_LIMIT', 'longer names', named(8_300, (index) => `m/${index}/`.padEnd(1_020, 'x'))],
    [
      'NOT_A_CHECKPOINT',
      'names that are slow to normalise',
      named(1_000, (index) => `m/${index}/${'\u0301'.repeat(250)}${'\u0316'.repeat(250)}`),
    ],
    [
      'ZIP_LIMIT',
      'many names that are slow to normalise',
      named(7_500, (index) => `m/${index}/${'\u0301'.repeat(250)}${'\u0316'.repeat(250)}`),
    ],
    [
      'NOT_A_CHECKPOINT',
      'extra fields in the directory',
      named(120, (index) => `m/${index}`, { central: { extra: extraFields(16_000) } }),
    ],
    [
      'ZIP_LIMIT',
      'extra fields before the data',
      named(1_100, (index) => `m/${index}`, { local: { extra: extraFields(16_000) } }),
    ],
  ])('gives %s for %s, at little cost', async (code, _name, entries) => {
    const source = new BufferSource(buildArchive(entries));
    const before = process.cpuUsage();
    expect(await refusal(readCheckpoint(source))).toBe(code);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1e6).toBeLessThan(MAX_CPU_SECONDS);
  });
});
