import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { type ArtifactTarget, type DataFile, FileDraft } from '@caissa/conversion';

/** A file on its way, and its digest. */
class HashedFile {
  readonly draft: FileDraft;
  readonly #hash = createHash('sha256');
  #sha256: string | undefined;

  private constructor(draft: FileDraft) {
    this.draft = draft;
  }

  static async create(folder: string): Promise<HashedFile> {
    return new HashedFile(await FileDraft.create(folder));
  }

  write(chunk: Uint8Array): Promise<void> {
    // The system writes on a thread of its own meanwhile.
    const written = this.draft.write(chunk);
    this.#hash.update(chunk);
    return written;
  }

  get sha256(): string {
    this.#sha256 ??= this.#hash.digest('hex');
    return this.#sha256;
  }
}

/** The second file of an artifact, and what makes the first from its name. */
interface Data {
  readonly file: HashedFile;
  bytesFor?: (dataFilename: string) => Uint8Array;
}

/** An artifact on its way into a folder: one file, or two where the weights do not fit into the first. */
export class OutputDraft implements ArtifactTarget {
  readonly #folder: string;
  #file: HashedFile;
  #data: Data | undefined;

  private constructor(folder: string, file: HashedFile) {
    this.#folder = folder;
    this.#file = file;
  }

  /** Begins an artifact in a folder that exists. */
  static async create(folder: string): Promise<OutputDraft> {
    return new OutputDraft(folder, await HashedFile.create(folder));
  }

  get localPath(): string {
    return this.#file.draft.localPath;
  }

  get sizeBytes(): number {
    return this.#file.draft.sizeBytes;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#file.write(chunk);
  }

  async beginData(): Promise<HashedFile> {
    const file = await HashedFile.create(this.#folder);
    this.#data = { file };
    return file;
  }

  async refer(bytesFor: (dataFilename: string) => Uint8Array): Promise<DataFile> {
    if (this.#data === undefined) throw new Error('the draft has no data to refer to');
    this.#data.bytesFor = bytesFor;
    const { localPath, sizeBytes } = this.#data.file.draft;
    const filename = basename(localPath);
    await this.write(bytesFor(filename));
    return { filename, sizeBytes };
  }

  /** The files as they are to be published, the data under this name if there is any. */
  async finish(dataFilename: string): Promise<{ file: HashedFile; data: HashedFile | undefined }> {
    const { file: data, bytesFor } = this.#data ?? {};
    if (bytesFor !== undefined) {
      await this.#file.draft.discard();
      this.#file = await HashedFile.create(this.#folder);
      await this.#file.write(bytesFor(dataFilename));
    }
    return { file: this.#file, data };
  }

  /** Removes what is written; does nothing to what was published. */
  async discard(): Promise<void> {
    await this.#data?.file.draft.discard();
    await this.#file.draft.discard();
  }
}
