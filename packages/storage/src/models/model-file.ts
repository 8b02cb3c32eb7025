import { AppError } from '@caissa/shared/errors';

/** A checkpoint, as the file system or the object store describes it. */
export interface CheckpointFile {
  /** Its name in the folder, extension included. */
  readonly filename: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
  /** Changes when the checkpoint is replaced or written to; see {@link fileIdentity}. */
  readonly identity: string;
  /**
   * When it, or who may read it, was changed last, in milliseconds on the store's clock. Undefined for an object, which
   * appears whole, at once.
   */
  readonly changedMs?: number;
  /** Whether it is a regular file: folders, pipes and the like are listed but cannot be read. */
  readonly isRegular: boolean;
}

/** A checkpoint under the name that its model has. */
export interface ModelFile extends CheckpointFile {
  readonly name: string;
}

/** Tells one state of a file from another: inode, size and time of the last change of its contents. */
export function fileIdentity(stats: { ino: bigint; size: bigint; mtimeNs: bigint }): string {
  return `${stats.ino}-${stats.size}-${stats.mtimeNs}`;
}

/** The error for a model that is not there. */
export function modelNotFound(name: string): AppError {
  return new AppError('MODEL_NOT_FOUND', `There is no model named ${name}. GET /api/model/list shows those there are.`);
}
