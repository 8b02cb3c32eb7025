import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { manyAtOnce } from '../harness/many-at-once.js';

/** What stands beside the model: metadata and manifest, about as large as they are. */
const BESIDE = Buffer.alloc(1_500, ' ');

/**
 * Writes the files of so many exports and nothing else, each flushed and renamed in the order that makes an export safe:
 * model, metadata, their folder, manifest, their folder. Returns exports a second, as a disk allows them.
 */
export async function writeBareExports(
  folder: string,
  model: Uint8Array,
  count: number,
  inFlight: number,
): Promise<number> {
  await mkdir(folder, { recursive: true });
  const begun = performance.now();
  await manyAtOnce(count, inFlight, async (number) => {
    const path = join(folder, String(number));
    const beside = put(`${path}.json`, BESIDE).then(() => syncFolder(folder));
    const before = Promise.all([put(`${path}.onnx`, model), beside]);
    await put(`${path}.manifest.json`, BESIDE, before);
    await syncFolder(folder);
  });
  const elapsedMs = performance.now() - begun;
  for (const name of await readdir(folder)) await rm(join(folder, name));
  return (count * 1_000) / elapsedMs;
}

async function put(path: string, bytes: Uint8Array, before?: Promise<unknown>): Promise<void> {
  const temporary = `${path}.tmp`;
  await flushed(await open(temporary, 'wx'), (handle) => handle.writeFile(bytes));
  await before;
  await rename(temporary, path);
}

async function syncFolder(folder: string): Promise<void> {
  await flushed(await open(folder, 'r'));
}

async function flushed(handle: FileHandle, write?: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await write?.(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
