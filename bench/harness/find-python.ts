import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const INTEROP_CACHE = '.cache/interop';

/** A Python that can import PyTorch: the one asked for, or that of the interop tests if they have run here. */
export async function findPythonWithTorch(wanted: string | undefined): Promise<string | undefined> {
  const made = await readdir(INTEROP_CACHE).catch((): string[] => []);
  const known = made.filter((name) => name.startsWith('venv-')).map((name) => join(INTEROP_CACHE, name, 'bin/python'));
  for (const python of wanted === undefined ? known : [wanted]) {
    if (await canImportTorch(python)) return python;
  }
  if (wanted !== undefined) throw new Error(`${wanted} cannot import torch.`);
  return undefined;
}

async function canImportTorch(python: string): Promise<boolean> {
  try {
    await promisify(execFile)(python, ['-c', 'import torch, onnx']);
    return true;
  } catch {
    return false;
  }
}
