import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NEVER_ACTIVE, type PointerState } from '@caissa/registry';
import type { ActivationEntry } from '@caissa/shared/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalFile } from './journal-file.js';
import { PointerMirror } from './pointer-mirror.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-journal-'));
  path = join(folder, 'activations.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const entry = (n: number, change: Partial<ActivationEntry> = {}): ActivationEntry => ({
  job_id: `load-${n}`,
  kind: 'load',
  model_name: 'model_v1',
  requested_by: null,
  requested_at: new Date(n).toISOString(),
  started_at: new Date(n).toISOString(),
  finished_at: null,
  duration_ms: null,
  attempts: 1,
  from: null,
  to: null,
  checks: null,
  outcome: 'running',
  ...change,
});

describe('the file of the journal', () => {
  it('gives the last state of each entry, oldest first, and nothing before the first', async () => {
    const file = new JournalFile(folder);
    expect(await file.read()).toEqual([]);
    await file.append(entry(2));
    await file.append(entry(1));
    await file.append(entry(2, { outcome: 'failed' }));
    expect(await file.read()).toEqual([entry(1), entry(2, { outcome: 'failed' })]);
  });

  it('goes by the end of an attempt, also when its beginning comes late, and by the last attempt', async () => {
    const file = new JournalFile(folder);
    for (const outcome of ['succeeded', 'running'] as const) await file.append(entry(1, { outcome }));
    expect(await file.read()).toEqual([entry(1, { outcome: 'succeeded' })]);
    await file.append(entry(1, { attempts: 2 }));
    expect(await file.read()).toEqual([entry(1, { attempts: 2 })]);
  });

  it('loses no more than the line that was cut short', async () => {
    const file = new JournalFile(folder);
    await file.append(entry(1));
    await appendFile(path, '{"job_id":"load-2","ki');
    await file.append(entry(3));
    expect(await file.read()).toEqual([entry(1), entry(3)]);
  });

  it('does not grow without end, and holds as many entries as it is to hold', async () => {
    const file = new JournalFile(folder, { partBytes: 5_000, entries: 50 });
    for (let n = 1; n <= 200; n++) {
      await file.append(entry(n));
      await file.append(entry(n, { outcome: 'failed' }));
    }
    const sizes = await Promise.all((await readdir(folder)).map(async (name) => (await stat(join(folder, name))).size));
    expect(Math.max(...sizes)).toBeLessThan(6_000);
    expect(sizes.length).toBeGreaterThan(2);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(50 * 2 * 300 + 3 * 6_000);
    const expected = Array.from({ length: 50 }, (_, n) => entry(151 + n, { outcome: 'failed' }));
    expect(await file.read()).toEqual(expected);
  });

  it('keeps every line of several processes that add to it while it becomes too large', async () => {
    const writer = `
      import { JournalFile } from ${JSON.stringify(new URL('../../dist/activation/journal-file.js', import.meta.url).href)};
      const [folder, first, template] = process.argv.slice(1);
      const file = new JournalFile(folder, { partBytes: 4_000, entries: 10_000 });
      for (let n = 0; n < 60; n++) {
        const entry = { ...JSON.parse(template), job_id: \`load-\${Number(first) + n}\` };
        await file.append(entry);
        await file.append({ ...entry, outcome: 'failed' });
      }`;
    const run = promisify(execFile);
    const write = (first: number) =>
      run(process.execPath, ['--input-type=module', '-e', writer, folder, String(first), JSON.stringify(entry(1))]);
    await Promise.all([0, 100, 200, 300].map(write));
    const read = await new JournalFile(folder).read();
    expect(read).toHaveLength(240);
    expect(new Set(read.map(({ outcome }) => outcome))).toEqual(new Set(['failed']));
  });
});

describe('the mirror of the pointer', () => {
  const state = (generation: number): PointerState => ({ ...NEVER_ACTIVE, generation, job_id: `load-${generation}` });

  it('holds the latest state that was written', async () => {
    const mirror = new PointerMirror(folder);
    expect(await mirror.read()).toBeUndefined();
    await mirror.write(state(2));
    await mirror.write(state(1));
    expect(await new PointerMirror(folder).read()).toEqual(state(2));
  });

  it('that cannot be understood counts as none, and is replaced', async () => {
    const mirror = new PointerMirror(folder);
    for (const text of ['', '{', '{"generation":-1}']) {
      await rm(join(folder, 'pointer.json'), { force: true });
      await appendFile(join(folder, 'pointer.json'), text);
      expect(await mirror.read()).toBeUndefined();
    }
    await mirror.write(state(3));
    expect(JSON.parse(await readFile(join(folder, 'pointer.json'), 'utf8'))).toEqual(state(3));
  });
});
