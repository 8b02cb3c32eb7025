import { FileSource, type OpenFile } from '@caissa/bytes';

/** A file was written to while it was read, so that nothing can be said of it. The message is a sentence. */
export class SourceChangedError extends Error {
  override readonly name = 'SourceChangedError';
  readonly code = 'SOURCE_CHANGED';

  constructor() {
    super('The file was written to while it was read. Try again when it is complete.');
  }
}

/**
 * Lends an open file to `work` and closes it. If the file changed meanwhile, that is the failure: whatever else was
 * found wrong with it says nothing of the file as it is.
 * @throws SourceChangedError, what `work` throws, and what opening the file throws
 */
export function withFile<T>(path: string, work: (source: FileSource) => Promise<T>): Promise<T> {
  return withSource(FileSource.open(path), work);
}

/** Does as {@link withFile} does with a checkpoint that is being opened. @throws as `withFile` does */
export async function withSource<S extends OpenFile, T>(
  opening: Promise<S>,
  work: (source: S) => Promise<T>,
): Promise<T> {
  const source = await opening;
  try {
    return await work(source);
  } catch (error) {
    await refuseIfChanged(source);
    throw error;
  } finally {
    await source.close();
  }
}

/** @throws SourceChangedError if the open file was written to since it was opened */
export async function refuseIfChanged(source: OpenFile): Promise<void> {
  if (!(await source.isUnchanged())) throw new SourceChangedError();
}
