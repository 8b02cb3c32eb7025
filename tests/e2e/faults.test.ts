import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSampleModels } from '@caissa/conversion';
import { startRedisServer } from '@caissa/launcher';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Client } from '../setup/client.js';
import { freePort, kill, type System, startSystem, until } from '../setup/system.js';

const checkpoint = join(import.meta.dirname, '../fixtures/torch-2.13/checkpoint.pt');

/** What users must never find: files that are neither an artifact nor belong to one. */
async function strays(exportsDir: string): Promise<string[]> {
  const names = await readdir(exportsDir);
  const whole = names
    .filter((name) => name.endsWith('.manifest.json'))
    .map((name) => name.replace('.manifest.json', ''));
  const belonging = new Set(whole.flatMap((name) => [name, `${name}.manifest.json`, name.replace(/\.onnx$/, '.json')]));
  return names.filter((name) => !belonging.has(name));
}

describe('workers that are killed', () => {
  let samples: string;
  beforeAll(async () => {
    samples = join(await mkdtemp(join(tmpdir(), 'caissa-samples-')), 'models');
    await writeSampleModels(samples);
  });
  afterAll(() => rm(samples, { recursive: true, force: true }));

  it('lose no job and leave no half file', async () => {
    const system = await startSystem({
      redisUrl: inject('redisUrl'),
      loaders: 0,
      prepare: ({ modelsDir }) => copyFile(join(samples, 'model_v1.pt'), join(modelsDir, 'model_v1.pt')),
    });
    const client = new Client(system.url);
    try {
      await client.model('model_v1');
      const ids: string[] = [];
      for (let count = 0; count < 12; count++) {
        ids.push(await client.export(count % 2 ? 'onnx' : 'pytorch', 'model_v1', { metadata: { count } }));
      }
      // Struck while a draft is being written, which is the moment that could leave half a file.
      for (let round = 0; round < 2; round++) {
        await until('a draft is being written', async () =>
          (await readdir(system.exportsDir)).some((name) => name.startsWith('.draft-')),
        );
        const victim = system.processes.exporter.at(-1);
        if (victim) await kill(victim);
        await system.start('exporter');
      }
      for (const id of ids) expect(await client.finish(id)).toMatchObject({ status: 'completed' });
      const { body } = await client.get('/api/model/exports');
      expect(body['count']).toBe(ids.length);
      for (const one of body['exports'] as { download_url: string }[]) await client.download(one.download_url);
      expect(await strays(system.exportsDir)).toEqual([]);
    } finally {
      await system.stop();
    }
  }, 400_000);
});

describe('Redis', () => {
  it('may go away: requests fail fast with 503, and everything goes on when it is back', async () => {
    const redisDir = await mkdtemp(join(tmpdir(), 'caissa-redis-'));
    const port = await freePort();
    let redis = await startRedisServer({ dataDir: redisDir, port });
    const system = await startSystem({
      redisUrl: redis.url,
      prepare: ({ modelsDir }) => copyFile(checkpoint, join(modelsDir, 'model_v1.pt')),
    });
    const client = new Client(system.url);
    try {
      await client.model('model_v1');
      const before = await client.finish(await client.export('onnx', 'model_v1'));
      expect(before.status).toBe('completed');
      await redis.stop();
      for (const [method, path] of [
        ['POST', '/api/model/export/onnx/model_v1'],
        ['GET', '/api/model/list'],
        ['GET', `/api/jobs/${before.job_id}`],
        ['GET', '/api/model/current'],
      ] as const) {
        await atBestWithin(1_000, async () => {
          const answer = await client.send(method, path);
          expect([path, answer.status]).toEqual([path, 503]);
          expect(answer.body).toMatchObject({ success: false, code: 'REDIS_UNAVAILABLE' });
        });
      }
      expect((await client.get('/livez')).status).toBe(200);
      redis = await startRedisServer({ dataDir: redisDir, port });
      const id = await until('exports are accepted again', async () => {
        const answer = await client.post('/api/model/export/pytorch/model_v1');
        return answer.status === 202 && String(answer.body['job_id']);
      });
      expect(await client.finish(id)).toMatchObject({ status: 'completed' });
      expect(await client.job(before.job_id)).toMatchObject({ status: 'completed' });
    } finally {
      await system.stop();
      await redis.stop();
      await rm(redisDir, { recursive: true, force: true });
    }
  }, 400_000);

  it('may lose everything: models and exports are found again', async () => {
    const redisDir = await mkdtemp(join(tmpdir(), 'caissa-redis-'));
    const port = await freePort();
    let redis = await startRedisServer({ dataDir: redisDir, port });
    const system = await startSystem({
      redisUrl: redis.url,
      loaders: 0,
      prepare: ({ modelsDir }) => copyFile(checkpoint, join(modelsDir, 'model_v1.pt')),
    });
    const client = new Client(system.url);
    try {
      await client.model('model_v1');
      const { result } = await client.finish(await client.export('onnx', 'model_v1'));
      await redis.stop();
      await rm(redisDir, { recursive: true });
      await mkdir(redisDir);
      redis = await startRedisServer({ dataDir: redisDir, port });
      await until('the list of exports is whole again', async () => {
        const { status, body } = await client.get('/api/model/exports');
        return status === 200 && body['count'] === 1;
      });
      const { body } = await client.get('/api/model/exports');
      expect(body['exports']).toMatchObject([{ sha256: (result as unknown as { sha256: string }).sha256 }]);
      expect(await client.model('model_v1')).toMatchObject({ status: 'ready' });
    } finally {
      await system.stop();
      await redis.stop();
      await rm(redisDir, { recursive: true, force: true });
    }
  }, 400_000);
});

const isRoot = process.getuid?.() === 0;

describe('a disk', () => {
  // Only root may mount the small file system that a full disk needs.
  it.skipIf(!isRoot)(
    'that is full fails the job with a sentence and leaves nothing half-written',
    async () => {
      const dataDir = await mkdtemp(join(tmpdir(), 'caissa-full-'));
      const exportsDir = join(dataDir, 'exports');
      await mkdir(exportsDir);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=700k', 'tmpfs', exportsDir]);
      let system: System | undefined;
      try {
        system = await startSystem({
          redisUrl: inject('redisUrl'),
          dataDir,
          loaders: 0,
          prepare: ({ modelsDir }) => copyFile(checkpoint, join(modelsDir, 'model_v1.pt')),
        });
        const client = new Client(system.url);
        await client.model('model_v1');
        for (const format of ['onnx', 'pytorch']) {
          const job = await client.finish(await client.export(format, 'model_v1'));
          expect(job).toMatchObject({ status: 'failed', error: { code: 'STORAGE_FULL', status: 507 } });
        }
        expect(await readdir(exportsDir)).toEqual([]);
        execFileSync('mount', ['-o', 'remount,size=16m', exportsDir]);
        const failed = (await client.get('/api/jobs?status=failed')).body['jobs'] as { job_id: string }[];
        for (const { job_id } of failed) {
          expect((await client.post(`/api/jobs/${job_id}/retry`)).status).toBe(202);
          expect(await client.finish(job_id)).toMatchObject({ status: 'completed' });
        }
      } finally {
        await system?.stop();
        execFileSync('umount', [exportsDir]);
        await rm(dataDir, { recursive: true, force: true });
      }
    },
    400_000,
  );
});

describe('a checkpoint', () => {
  it('replaced while it is exported gives an export of the one or the other, never of both', async () => {
    const system = await startSystem({ redisUrl: inject('redisUrl'), loaders: 0 });
    const client = new Client(system.url);
    try {
      const path = join(system.modelsDir, 'model_v1.pt');
      const versions = ['1.13', '2.6', '2.13'].map((one) => checkpoint.replace('torch-2.13', `torch-${one}`));
      const digests = new Set<unknown>();
      await copyFile(checkpoint, path);
      await client.model('model_v1');
      const ids: string[] = [];
      for (let round = 0; round < 12; round++) {
        ids.push(await client.export('pytorch', 'model_v1', { metadata: { round } }));
        const next = `${path}.new`;
        await copyFile(versions[round % versions.length] ?? checkpoint, next);
        await rename(next, path);
      }
      for (const id of ids) {
        const { status, result } = await client.finish(id);
        expect(status).toBe('completed');
        digests.add((result as unknown as { metadata: Record<string, unknown> }).metadata['source_sha256']);
      }
      const known = await Promise.all(
        versions.map(async (one) =>
          createHash('sha256')
            .update(await readFile(one))
            .digest('hex'),
        ),
      );
      for (const digest of digests) expect(known).toContain(digest);
    } finally {
      await system.stop();
    }
  }, 400_000);

  it('that is broken is listed with its problem and hides nobody', async () => {
    const fixtures = join(import.meta.dirname, '../fixtures/torch-2.13');
    const system = await startSystem({
      redisUrl: inject('redisUrl'),
      prepare: async ({ modelsDir }) => {
        await copyFile(checkpoint, join(modelsDir, 'good.pt'));
        await copyFile(join(fixtures, 'torchscript.pt'), join(modelsDir, 'script.pt'));
        await writeFile(join(modelsDir, 'empty.pt'), '');
        await writeFile(join(modelsDir, 'text.pt'), 'not a checkpoint at all');
        await writeFile(join(modelsDir, 'cut.pt'), (await readFile(checkpoint)).subarray(0, 500_000));
        await mkdir(join(modelsDir, 'folder.pt'));
        execFileSync('mkfifo', [join(modelsDir, 'pipe.pt')]);
      },
    });
    const client = new Client(system.url);
    try {
      const codes: Record<string, string> = {
        script: 'TORCHSCRIPT',
        empty: 'NOT_A_CHECKPOINT',
        text: 'NOT_A_CHECKPOINT',
        cut: 'ZIP_TRUNCATED',
        folder: 'NOT_A_CHECKPOINT',
        pipe: 'NOT_A_CHECKPOINT',
      };
      for (const [name, code] of Object.entries(codes)) {
        expect(await client.model(name)).toMatchObject({ name, status: 'unreadable', problem: { code, status: 422 } });
        const refused = await client.post(`/api/model/export/onnx/${name}?wait=60`);
        expect([name, refused.status, refused.body['code']]).toEqual([name, 422, code]);
        const notLoaded = await client.post(`/api/model/load/${name}?wait=60`);
        expect([name, notLoaded.status, notLoaded.body['code']]).toEqual([name, 422, code]);
      }
      const { body } = await client.get('/api/model/list');
      expect(body['count']).toBe(7);
      expect(await client.finish(await client.export('onnx', 'good'))).toMatchObject({ status: 'completed' });
      expect(await strays(system.exportsDir)).toEqual([]);
    } finally {
      await system.stop();
    }
  }, 400_000);
});
