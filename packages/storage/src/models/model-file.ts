import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { modelNameSchema, parseModelName } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';

/** Extension of the checkpoints in the model folder. */
export const MODEL_EXTENSION = '.pt';

/** A checkpoint, as the file system or the object store describes it. */
export interface ModelFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /** Changes when the checkpoint is replaced or written to; see {@link fileIdentity}. */
  readonly identity: string;
  /** Whether it is a regular file: folders, pipes and the like are listed but cannot be read. */
  readonly isRegular: boolean;
}

/** A checkpoint in a local folder. */
export interface LocalModelFile extends ModelFile {
  readonly path: string;
}

/** Tells one state of a file from another: inode, size and time of the last change of its contents. */
export function fileIdentity(stats: { ino: bigint; size: bigint; mtimeNs: bigint }): string {
  return `${stats.ino}-${stats.size}-${stats.mtimeNs}`;
}

/** The model that a file is, if its name can be a model's. */
export function modelNameOf(filename: string): string | undefined {
  if (!filename.endsWith(MODEL_EXTENSION)) return undefined;
  return modelNameSchema.safeParse(filename.slice(0, -MODEL_EXTENSION.length)).data;
}

/** Path of a model's checkpoint. @throws AppError INVALID_NAME */
export function modelPath(modelsFolder: string, name: string): string {
  return join(modelsFolder, `${parseModelName(name)}${MODEL_EXTENSION}`);
}

/** Describes a model's checkpoint. @throws AppError INVALID_NAME, MODEL_NOT_FOUND */
export async function findModelFile(modelsFolder: string, name: string): Promise<LocalModelFile> {
  const path = modelPath(modelsFolder, name);
  try {
    const stats = await stat(path, { bigint: true });
    return {
      name,
      path,
      sizeBytes: Number(stats.size),
      modifiedAt: stats.mtime,
      identity: fileIdentity(stats),
      isRegular: stats.isFile(),
    };
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ELOOP')) {
      throw modelNotFound(name);
    }
    throw error;
  }
}

/** The error for a model that is not there. */
export function modelNotFound(name: string): AppError {
  return new AppError('MODEL_NOT_FOUND', `There is no model named ${name}. GET /api/model/list shows those there are.`);
}
