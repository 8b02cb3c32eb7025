import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ActivationEntry, NEVER_ACTIVE, type PointerState } from '@caissa/shared';
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

  it('loses no more than the line that was cut short', async () => {
    const file = new JournalFile(folder);
    await file.append(entry(1));
    await appendFile(path, '{"job_id":"load-2","ki');
    await file.append(entry(3));
    expect(await file.read()).toEqual([entry(1), entry(3)]);
  });

  it('does not grow without end', async () => {
    const file = new JournalFile(folder, 20_000);
    for (let attempt = 1; attempt <= 200; attempt++) await file.append(entry(attempt % 3, { attempts: attempt }));
    expect((await stat(path)).size).toBeLessThan(22_000);
    expect((await file.read()).map(({ attempts }) => attempts)).toEqual([198, 199, 200]);
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
