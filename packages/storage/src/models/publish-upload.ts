import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '@caissa/bytes';
import { AppError } from '@caissa/shared/errors';

/** What file systems without hard links answer. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/**
 * Gives a finished temporary file its name, unless the name is taken. It appears whole and at once.
 * @param makeLink what makes hard links, which not every file system has
 * @throws AppError MODEL_EXISTS
 */
export async function publishUpload(
  temporaryPath: string,
  path: string,
  name: string,
  makeLink: typeof link = link,
): Promise<void> {
  try {
    await makeLink(temporaryPath, path);
    await rm(temporaryPath);
  } catch (error) {
    if (!NO_LINKS.has(codeOf(error))) throw codeOf(error) === 'EEXIST' ? modelExists(name) : error;
    await claimAndRename(temporaryPath, path, name);
  }
  await syncFolder(dirname(path));
}

/** Without links the name is taken by an empty file, which the finished one replaces. */
async function claimAndRename(temporaryPath: string, path: string, name: string): Promise<void> {
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    throw codeOf(error) === 'EEXIST' ? modelExists(name) : error;
  }
  await rename(temporaryPath, path);
}

/** The error for a name that is taken. */
export function modelExists(name: string): AppError {
  return new AppError('MODEL_EXISTS', `There is a model named ${name} already. Upload under another name.`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
