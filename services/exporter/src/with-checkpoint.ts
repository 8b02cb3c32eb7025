import { FileSource } from '@caissa/conversion';
import { AppError, fileIdentity } from '@caissa/shared';
import { namedError } from './named-error.js';

/** A checkpoint's file, open. */
export interface OpenedFile {
  readonly source: FileSource;
  /** As the catalogue writes it. */
  readonly identity: string;
}

/**
 * Lends a checkpoint's file to `work` and closes it. Whatever is wrong with the file is told with its name; but nothing
 * is said of a file that changed meanwhile.
 * @throws AppError SOURCE_CHANGED, and what is thrown by `work`
 */
export async function withCheckpoint<T>(
  path: string,
  filename: string,
  work: (file: OpenedFile) => Promise<T>,
): Promise<T> {
  const source = await FileSource.open(path).catch((error: unknown) => {
    throw namedError(error, filename);
  });
  try {
    const { ino, sizeBytes, mtimeNs } = source.identity;
    return await work({ source, identity: fileIdentity({ ino, size: BigInt(sizeBytes), mtimeNs }) });
  } catch (error) {
    await refuseIfChanged(source, filename);
    throw namedError(error, filename);
  } finally {
    await source.close();
  }
}

/** @throws AppError SOURCE_CHANGED if the open file was written to since it was opened */
export async function refuseIfChanged(source: FileSource, filename: string): Promise<void> {
  if (await source.assertUnchanged()) return;
  throw new AppError('SOURCE_CHANGED', `${filename} was written to while it was read. Try again when it is complete.`);
}
