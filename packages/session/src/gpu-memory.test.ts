import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { GpuMemory } from './gpu-memory.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-gpu-'));
  vi.stubEnv('PATH', folder);
});
afterEach(async () => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Stands in for the driver's tool; notes each call. */
async function driverSays(lines: string): Promise<void> {
  const script = `#!/bin/sh\necho "$@" >> ${folder}/calls\nprintf '${lines}'\n`;
  await writeFile(join(folder, 'nvidia-smi'), script, { mode: 0o755 });
}
const calls = async () => (await readFile(join(folder, 'calls'), 'utf8')).trim().split('\n');

describe('the memory of the GPU', () => {
  it('is that of the first one, in bytes, read anew only when the reading is old', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    await driverSays('1536, 143771\\n7, 8\\n');
    const memory = new GpuMemory(300);
    const first = { usedBytes: 1536 * 2 ** 20, totalBytes: 143_771 * 2 ** 20 };
    expect(memory.reading).toBeUndefined();
    await expect.poll(() => memory.reading).toEqual(first);
    for (let count = 0; count < 10; count++) expect(memory.reading).toEqual(first);
    expect(await calls()).toEqual(['--query-gpu=memory.used,memory.total --format=csv,noheader,nounits']);
    await driverSays('2, 143771\\n');
    vi.advanceTimersByTime(301);
    await expect.poll(() => memory.reading?.usedBytes).toBe(2 * 2 ** 20);
  });

  it.each(['[N/A], [N/A]\\n', '12, [N/A]\\n', ''])('is unknown where the driver says %j', async (lines) => {
    await driverSays(lines);
    const memory = new GpuMemory(0);
    expect(memory.reading).toBeUndefined();
    await expect.poll(() => calls().catch(() => [])).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(memory.reading).toBeUndefined();
  });

  it('is unknown where there is no driver', async () => {
    const memory = new GpuMemory(0);
    expect(memory.reading).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(memory.reading).toBeUndefined();
  });
});
