import { copyFile, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { Client } from '../setup/client.js';
import { startSystem, until } from '../setup/system.js';

const checkpoint = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');
const preload = new URL('../setup/hold-flushes.mjs', import.meta.url).href;
const DEAD = '.draft-export-00000000-0000-4000-8000-000000000000.0123456789ab';

it('an exporter that a slow disk holds up keeps what it writes; frozen until its job is done by another, it adds nothing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'caissa-held-'));
  const hold = join(folder, 'hold');
  const system = await startSystem({
    redisUrl: inject('redisUrl'),
    exporters: 0,
    loaders: 0,
    prepare: ({ modelsDir }) => copyFile(checkpoint, join(modelsDir, 'model_v1.pt')),
  });
  const client = new Client(system.url);
  // Without the file by which a sweep reads the clock of the folder: it comes and goes.
  const files = async () => (await readdir(system.exportsDir)).filter((name) => !name.startsWith('.tmp-'));
  try {
    const slow = await system.start('exporter', { NODE_OPTIONS: `--import=${preload}`, HOLD_FLUSHES: hold });
    await client.model('model_v1');
    await writeFile(hold, '');
    const job = await client.export('onnx', 'model_v1');
    await until('it is about to publish', async () => (await files()).some((name) => name.endsWith('.manifest')));

    await writeFile(join(system.exportsDir, DEAD), '');
    const before = (await files()).filter((name) => name !== DEAD).sort();
    await system.start('exporter');
    await until('another one has swept', async () => !(await files()).includes(DEAD));
    expect((await files()).sort()).toEqual(before);

    slow.kill('SIGSTOP');
    const done = await client.finish(job);
    expect(done).toMatchObject({ status: 'completed', attempts: 2 });
    const after = (await files()).sort();
    await rm(hold);
    slow.kill('SIGCONT');
    await until('it sees that it has lost the job', () => system.logs().includes('This worker lost the job'));
    // The job is the other worker's, and so are its files.
    expect((await files()).sort()).toEqual(after);
    expect(after).toHaveLength(3);
    expect((await client.get('/api/model/exports')).body['count']).toBe(1);
    expect(await client.finish(job)).toEqual(done);
  } finally {
    for (const exporter of system.processes.exporter) exporter.kill('SIGCONT');
    await system.stop();
    await rm(folder, { recursive: true, force: true });
  }
}, 240_000);
