import { lstat, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  allEnded,
  type ByteSink,
  type DataFile,
  type DraftData,
  DraftFile,
  type Piece,
  referToData,
  syncFolder,
  writeFileDurably,
} from '@caissa/bytes';
import { DATA_SUFFIX, type ExportFilenames, exportFilenames, numberedStem } from '@caissa/formats';
import type { TakenNames } from './artifact-names.js';
import { MANIFEST_SUFFIX, NAME_ATTEMPTS } from './artifact-names.js';
import type { ArtifactDraft, ArtifactName, ManifestDraft } from './artifact-store.js';
import { composeManifest, type FileFacts, toJsonText } from './compose-manifest.js';
import type { Manifest } from './manifest.js';
import { callStore } from './store-errors.js';

/** What a commit publishes, as soon as the disk has it. */
interface Publication {
  /** The names that it has claimed. */
  readonly filenames: ExportFilenames;
  readonly sha256: string;
  readonly data: FileFacts | undefined;
  readonly synced: Promise<void>;
}

/** An artifact on its way into a local folder. */
export class LocalArtifactDraft implements ArtifactDraft {
  readonly #folder: string;
  readonly #names: TakenNames;
  readonly #file: DraftFile;
  #data: DraftData | undefined;

  private constructor(folder: string, names: TakenNames, file: DraftFile) {
    this.#folder = folder;
    this.#names = names;
    this.#file = file;
  }

  /** Creates the temporary file `path` in `folder`, whose names are taken as `names` remembers. */
  static async create(folder: string, names: TakenNames, path: string): Promise<LocalArtifactDraft> {
    return new LocalArtifactDraft(folder, names, await DraftFile.create(path));
  }

  get localPath(): string {
    return this.#file.path;
  }

  get sizeBytes(): number {
    return this.#file.sizeBytes;
  }

  write(chunk: Uint8Array): Promise<void> {
    return callStore(() => this.#file.write(chunk));
  }

  writePieces(pieces: readonly Piece[]): Promise<void> {
    return callStore(() => this.#file.writePieces(pieces));
  }

  beginData(): Promise<ByteSink> {
    return callStore(async () => {
      const file = await DraftFile.create(`${this.localPath}${DATA_SUFFIX}`);
      this.#data = { file };
      return {
        write: (chunk) => callStore(() => file.write(chunk)),
        writePieces: (pieces) => callStore(() => file.writePieces(pieces)),
      };
    });
  }

  refer(bytesFor: (dataFilename: string) => Uint8Array): Promise<DataFile> {
    return callStore(() => referToData(this.#file, this.#data, bytesFor));
  }

  complete(): void {
    // What refers to data is written once more, when the name of the data is known.
    void (this.#data?.file ?? this.#file).settle();
  }

  /** Nothing refers to the artifact before its manifest does, so it may have its name before it is on the disk. */
  async commit(
    name: ArtifactName,
    describe: (sha256: string, dataSha256?: string) => ManifestDraft,
  ): Promise<Manifest> {
    return callStore(async () => {
      const data = await this.#settleData();
      if (data === undefined) void this.#file.settle();
      const filenames = await this.#claimName(name);
      try {
        if (data !== undefined) await this.#nameData(filenames.data);
        const synced = this.#file.settle();
        await rename(this.localPath, join(this.#folder, filenames.artifact));
        const sha256 = await this.#file.digest();
        return await this.#publish({ filenames, sha256, data, synced }, describe);
      } catch (error) {
        await this.#unpublish(filenames);
        throw error;
      }
    });
  }

  async abort(): Promise<void> {
    await allEnded([this.#data?.file.abort() ?? Promise.resolve(), this.#file.abort()]);
  }

  /** What is as large as data is on the disk before a name is taken: who has one is expected to publish at once. */
  async #settleData(): Promise<Publication['data']> {
    if (this.#data === undefined) return undefined;
    const { file, bytesFor } = this.#data;
    if (bytesFor === undefined) throw new Error('the draft does not refer to its data');
    const sha256 = file.digest();
    await file.settle();
    return { size_bytes: file.sizeBytes, sha256: await sha256 };
  }

  /** Gives the data its name, which goes into the artifact. */
  async #nameData(dataFilename: string): Promise<void> {
    const { file, bytesFor } = this.#data ?? {};
    if (file === undefined || bytesFor === undefined) return;
    await this.#file.rewrite(bytesFor(dataFilename));
    await rename(file.path, join(this.#folder, dataFilename));
  }

  /** Takes a free name by creating it empty: without a manifest nobody sees it. */
  async #claimName({ stem, format }: ArtifactName): Promise<ExportFilenames> {
    const { artifact: first } = exportFilenames(stem, format);
    // If somebody has cleared the folder, what is remembered says nothing.
    const cleared = (await lstat(join(this.#folder, first)).catch(() => undefined)) === undefined;
    for (let attempt = cleared ? 1 : this.#names.firstFree(first); attempt <= NAME_ATTEMPTS; attempt++) {
      const filenames = exportFilenames(numberedStem(stem, attempt), format);
      try {
        await (await open(join(this.#folder, filenames.artifact), 'wx')).close();
        this.#names.note(first, attempt + 1);
        return filenames;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
    }
    throw new Error(`no free name for ${stem}`);
  }

  /**
   * Takes back what a failed commit may have done, the manifest first. All of it lies under the claimed names and so is
   * ours.
   */
  async #unpublish({ artifact, data, metadata }: ExportFilenames): Promise<void> {
    this.#names.forget(artifact);
    const beside = [...(metadata === undefined ? [] : [metadata]), ...(this.#data === undefined ? [] : [data])];
    for (const name of [`${artifact}${MANIFEST_SUFFIX}`, ...beside, artifact]) {
      // What cannot be removed now has no manifest, or none that can be trusted, and is swept later.
      await rm(join(this.#folder, name), { force: true }).catch(() => undefined);
    }
  }

  async #publish(
    { filenames, sha256, data, synced }: Publication,
    describe: (sha256: string, dataSha256?: string) => ManifestDraft,
  ): Promise<Manifest> {
    const { manifest, metadata } = composeManifest({
      filenames,
      file: { size_bytes: this.#file.sizeBytes, sha256 },
      data,
      draft: describe(sha256, data?.sha256),
    });
    const named =
      filenames.metadata === undefined
        ? syncFolder(this.#folder)
        : writeFileDurably(join(this.#folder, filenames.metadata), metadata);
    const before = allEnded([synced, named]);
    const manifestPath = join(this.#folder, `${filenames.artifact}${MANIFEST_SUFFIX}`);
    await allEnded([before, writeFileDurably(manifestPath, toJsonText(manifest), before)]);
    return manifest;
  }
}
