import { stat as callStat } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FileSource } from '@caissa/bytes';
import { isCheckpointName } from '@caissa/formats';
import { type CheckpointFile, fileIdentity } from './model-file.js';
import type { LeftOut, ModelListing, ModelSource } from './model-store.js';

/** Takes a third of the processor time of the one in `node:fs/promises`, and folders have thousands of files. */
const stat = promisify(callStat);

/** What stands in a name for bytes that are no UTF-8. Under such a name the file cannot be opened. */
const UNDECODABLE = '\uFFFD';

/** Names of the checkpoints in a folder; none if the folder is gone. @throws the system's error */
export async function readCheckpointNames(folder: string): Promise<ReadonlySet<string>> {
  const filenames = await readdir(folder).catch((error: unknown) => {
    if (hasNoFile(error)) return [];
    throw error;
  });
  // Names that are no UTF-8 are the same when they are decoded.
  return new Set(filenames.filter(isCheckpointName));
}

/** Describes the checkpoints in a folder. @throws the system's error */
export async function listCheckpoints(folder: string): Promise<ModelListing> {
  const files: CheckpointFile[] = [];
  const leftOut: LeftOut[] = [];
  const filenames = [...(await readCheckpointNames(folder))];
  // One that is gone by now, or cannot be looked at, does not hide the others.
  const looks = await Promise.allSettled(filenames.map((filename) => lookAt(folder, filename)));
  for (const [at, filename] of filenames.entries()) {
    const look = looks[at];
    if (look?.status === 'fulfilled' && look.value !== undefined) files.push(look.value);
    else {
      const reason = look?.status === 'rejected' ? refusalOf(look.reason) : await absenceOf(folder, filename);
      if (reason !== undefined) leftOut.push({ filename, reason });
    }
  }
  return { files, leftOut };
}

/** Describes a checkpoint, if it is there. @throws the system's error */
export async function lookAt(folder: string, filename: string): Promise<CheckpointFile | undefined> {
  try {
    const stats = await stat(join(folder, filename), { bigint: true });
    return {
      filename,
      sizeBytes: Number(stats.size),
      modifiedAt: stats.mtime,
      identity: fileIdentity(stats),
      changedMs: Number(stats.ctimeMs),
      isRegular: stats.isFile(),
    };
  } catch (error) {
    if (hasNoFile(error)) return undefined;
    throw error;
  }
}

/**
 * Opens a file, if it is there.
 * @param filename what to call it
 * @throws FormatError NOT_A_CHECKPOINT for what is no file; the system's error
 */
export async function openCheckpoint(path: string, filename: string): Promise<ModelSource | undefined> {
  const file = await FileSource.open(path).catch((error: unknown) => {
    if (hasNoFile(error)) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  const { ino, sizeBytes, mtimeNs } = file.identity;
  return {
    filename,
    sizeBytes,
    descriptor: file.descriptor,
    identity: fileIdentity({ ino, size: BigInt(sizeBytes), mtimeNs }),
    readInto: (target, offset) => file.readInto(target, offset),
    isUnchanged: () => file.isUnchanged(),
    close: () => file.close(),
  };
}

function refusalOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  return code === 'EACCES' || code === 'EPERM'
    ? `The system does not let this service look at it (${code}). Check the permissions of the file.`
    : `The system cannot look at it (${code}). Check the disk or the network file system that it lies on.`;
}

/** Why a file of the folder is not there when it is looked at; nothing if it is simply gone. */
async function absenceOf(folder: string, filename: string): Promise<string | undefined> {
  if (filename.includes(UNDECODABLE)) return 'Its name is not UTF-8 text. Rename it.';
  const isLink = await lstat(join(folder, filename)).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  );
  return isLink ? 'It is a link to a file that is not there.' : undefined;
}

/** Whether an error says that a path leads to nothing. */
export function hasNoFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ELOOP');
}
