import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { smallRoot } from '@caissa/testing/small-checkpoint';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ended, startCaissaBy, writeSaved } from '../test-support/run-caissa.js';

const PROGRAM = new URL('../bin/caissa.mjs', import.meta.url).href;
const BUNDLE = new URL('../dist/bundle/', import.meta.url).href;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-bundle-'));
  await writeSaved(join(folder, 'model_v1.pt'), smallRoot());
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs the command and returns, for all its processes and threads, the files that they loaded. */
async function loadedBy(...args: string[]): Promise<string[]> {
  const { code, err } = await ended(startCaissaBy(['env', 'NODE_V8_COVERAGE=coverage'], folder, ...args));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const reports = await readdir(join(folder, 'coverage'));
  const loaded = reports.map(async (report): Promise<string[]> => {
    const { result } = JSON.parse(await readFile(join(folder, 'coverage', report), 'utf8'));
    return result.map(({ url }: { url: string }) => url).filter((url: string) => url.startsWith('file:'));
  });
  return (await Promise.all(loaded)).flat();
}

/** The code of those of the files that are bundled. */
async function codeOf(files: readonly string[]): Promise<string> {
  const bundled = files.filter((file) => file.startsWith(BUNDLE));
  return (await Promise.all(bundled.map((file) => readFile(fileURLToPath(file), 'utf8')))).join('\n');
}

// What the code of a library or of a package begins with, once it is bundled.
const OF_COMMANDER = 'node_modules/commander/';
const OF_PYTORCH = 'packages/pytorch/dist/';
const OF_PROTOBUF = 'node_modules/protobufjs/';

it('shows its help without what reads and writes checkpoints', async () => {
  const files = await loadedBy('--help');
  expect(files.length).toBeLessThanOrEqual(6);
  const code = await codeOf(files);
  expect(code).toContain(OF_COMMANDER);
  expect(code).not.toContain(OF_PYTORCH);
});

it('exports to PyTorch by a few files, of which none is about ONNX', async () => {
  const files = await loadedBy('export', 'model_v1.pt', '--format', 'pytorch');
  expect(files.filter((file) => !file.startsWith(BUNDLE))).toEqual([PROGRAM]);
  expect(files.length).toBeLessThanOrEqual(24);
  const code = await codeOf(files);
  expect(code).toContain(OF_PYTORCH);
  expect(code).not.toContain(OF_PROTOBUF);
});

it('exports to ONNX by a few files, and onnxruntime to verify it', async () => {
  const files = await loadedBy('export', 'model_v1.pt', '--format', 'onnx', '--verify', 'quick');
  const [unbundled, bundled] = [false, true].map((is) => files.filter((file) => file.startsWith(BUNDLE) === is));
  expect(bundled?.length).toBeLessThanOrEqual(32);
  expect(unbundled?.filter((file) => !file.includes('/node_modules/onnxruntime-'))).toEqual([PROGRAM]);
  expect(await codeOf(files)).toContain(OF_PROTOBUF);
});
