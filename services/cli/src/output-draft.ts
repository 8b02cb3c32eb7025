import { type DataFile, type DraftData, DraftFile, referToData, temporaryPath } from '@caissa/bytes';
import type { ArtifactTarget } from '@caissa/conversion';

/** An artifact on its way into a folder: one file, or two where the weights do not fit into the first. */
export class OutputDraft implements ArtifactTarget {
  readonly #folder: string;
  readonly #file: DraftFile;
  #data: DraftData | undefined;

  private constructor(folder: string, file: DraftFile) {
    this.#folder = folder;
    this.#file = file;
  }

  /** Begins an artifact in a folder that exists. */
  static async create(folder: string): Promise<OutputDraft> {
    return new OutputDraft(folder, await DraftFile.create(temporaryPath(folder)));
  }

  get localPath(): string {
    return this.#file.path;
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#file.write(chunk);
  }

  writePieces(pieces: Parameters<DraftFile['writePieces']>[0]): Promise<void> {
    return this.#file.writePieces(pieces);
  }

  async beginData(): Promise<DraftFile> {
    const file = await DraftFile.create(temporaryPath(this.#folder));
    this.#data = { file };
    return file;
  }

  refer(bytesFor: (dataFilename: string) => Uint8Array): Promise<DataFile> {
    return referToData(this.#file, this.#data, bytesFor);
  }

  complete(): void {
    // What refers to data is written once more, when the name of the data is known.
    void (this.#data?.file ?? this.#file).settle();
  }

  /** The files as they are to be published, the data under this name if there is any. */
  async finish(dataFilename: string): Promise<{ file: DraftFile; data: DraftFile | undefined }> {
    const { file: data, bytesFor } = this.#data ?? {};
    if (bytesFor !== undefined) await this.#file.rewrite(bytesFor(dataFilename));
    return { file: this.#file, data };
  }

  /** Removes what is written; does nothing to what was published. */
  async discard(): Promise<void> {
    await this.#data?.file.abort();
    await this.#file.abort();
  }
}
