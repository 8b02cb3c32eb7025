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
} from '@caissa/bytes';
import { type ExportFilenames, exportFilenames, numberedStem } from '@caissa/formats';
import { AppError } from '@caissa/shared/errors';
import type { TakenNames } from './artifact-names.js';
import { NAME_ATTEMPTS } from './artifact-names.js';
import type { ArtifactDraft, ArtifactName, Confirm, ManifestDraft } from './artifact-store.js';
import { composeManifest, type FileFacts, toJsonText } from './compose-manifest.js';
import { exists, giveUpAttempt, manifestPath, pathsOfAttempt } from './local-attempt.js';
import type { Manifest } from './manifest.js';
import { callStore } from './store-errors.js';

/** What a draft is made of. */
interface LocalDraftParts {
  readonly folder: string;
  readonly names: TakenNames;
  readonly attempt: string;
  readonly confirm: Confirm;
}

/** What a commit publishes: the small files are written, the large ones known. */
interface Publication {
  /** The names that it has claimed. */
  readonly filenames: ExportFilenames;
  readonly data: FileFacts | undefined;
  readonly describe: (sha256: string, dataSha256?: string) => ManifestDraft;
}

/** A name that was taken by an empty file, and what tells that file from another's of the name. */
interface Claimed {
  readonly path: string;
  readonly identity: string;
}

/** An artifact on its way into a local folder. */
export class LocalArtifactDraft implements ArtifactDraft {
  readonly #parts: LocalDraftParts;
  readonly #paths: ReturnType<typeof pathsOfAttempt>;
  readonly #file: DraftFile;
  #data: DraftData | undefined;
  #claimed: Claimed | undefined;
  /** Whether there may be a token, which tells what is claimed. */
  #hasToken = false;

  private constructor(parts: LocalDraftParts, file: DraftFile) {
    this.#parts = parts;
    this.#paths = pathsOfAttempt(parts.folder, parts.attempt);
    this.#file = file;
  }

  /** Creates the file that the bytes go to. */
  static async create(parts: LocalDraftParts): Promise<LocalArtifactDraft> {
    const { artifact } = pathsOfAttempt(parts.folder, parts.attempt);
    return new LocalArtifactDraft(parts, await DraftFile.create(artifact));
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
      const file = await DraftFile.create(this.#paths.data);
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

  async commit(
    name: ArtifactName,
    describe: (sha256: string, dataSha256?: string) => ManifestDraft,
  ): Promise<Manifest> {
    return callStore(async () => {
      const data = await this.#settleWeights();
      const filenames = await this.#claimName(name);
      try {
        return await this.#publish({ filenames, data, describe });
      } catch (error) {
        this.#parts.names.forget(filenames.artifact);
        throw error;
      }
    });
  }

  async abort(): Promise<void> {
    const { folder, attempt } = this.#parts;
    // A sweep may have taken the file of an attempt that was held up for long, and another the name.
    const claimed = !this.#hasToken && (await this.#holdsName()) ? this.#claimed?.path : undefined;
    await allEnded([
      this.#data?.file.abort() ?? Promise.resolve(),
      this.#file.abort(),
      giveUpAttempt(folder, attempt),
      claimed === undefined ? Promise.resolve() : rm(claimed, { force: true }),
    ]);
  }

  /** A name is held for as short as can be: all that takes long is done before, save that the disk may be at it still. */
  async #settleWeights(): Promise<Publication['data']> {
    if (this.#data === undefined) {
      void this.#file.settle();
      await this.#file.digest();
      return undefined;
    }
    const { file, bytesFor } = this.#data;
    if (bytesFor === undefined) throw new Error('the draft does not refer to its data');
    const sha256 = file.digest();
    await file.settle();
    return { size_bytes: file.sizeBytes, sha256: await sha256 };
  }

  /** Takes a free name by creating it empty: without a manifest nobody sees it. */
  async #claimName({ stem, format }: ArtifactName): Promise<ExportFilenames> {
    const { folder, names } = this.#parts;
    const { artifact: first } = exportFilenames(stem, format);
    // If somebody has cleared the folder, what is remembered says nothing.
    const isCleared = !(await exists(join(folder, first)));
    for (let attempt = isCleared ? 1 : names.firstFree(first); attempt <= NAME_ATTEMPTS; attempt++) {
      const filenames = exportFilenames(numberedStem(stem, attempt), format);
      this.#claimed = await this.#claim(filenames.artifact);
      if (this.#claimed === undefined) continue;
      names.note(first, attempt + 1);
      return filenames;
    }
    throw new Error(`no free name for ${stem}`);
  }

  async #claim(filename: string): Promise<Claimed | undefined> {
    const { folder } = this.#parts;
    // One whose artifact somebody took away would make this one visible at once.
    if (await exists(manifestPath(folder, filename))) return undefined;
    const path = join(folder, filename);
    try {
      const file = await open(path, 'wx');
      try {
        return { path, identity: emptyFileIdentity(await file.stat({ bigint: true })) };
      } finally {
        await file.close();
      }
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined;
      throw error;
    }
  }

  /** Whether the claimed name is still that of the empty file that has taken it. */
  async #holdsName(): Promise<boolean> {
    if (this.#claimed === undefined) return false;
    const found = await lstat(this.#claimed.path, { bigint: true }).catch(() => undefined);
    return found !== undefined && emptyFileIdentity(found) === this.#claimed.identity;
  }

  /** Makes the token, asks whether the job is still this attempt's, and then turns the token into the manifest. */
  async #publish({ filenames, data, describe }: Publication): Promise<Manifest> {
    const { folder, confirm } = this.#parts;
    const { bytesFor } = this.#data ?? {};
    if (bytesFor) await this.#file.rewrite(bytesFor(filenames.data));
    const synced = [this.#file.settle()];
    const sha256 = await this.#file.digest();
    const { manifest, metadata } = composeManifest({
      filenames,
      file: { size_bytes: this.#file.sizeBytes, sha256 },
      data,
      draft: describe(sha256, data?.sha256),
    });
    if (filenames.metadata !== undefined) synced.push((await createFile(this.#paths.metadata, metadata)).synced);
    this.#hasToken = true;
    synced.push((await createFile(this.#paths.token, toJsonText(manifest))).synced);
    if (!(await this.#holdsName())) await this.#refuseLostName();
    await allEnded([...synced, confirm()]);
    await this.#nameFiles(filenames);
    await syncFolder(folder);
    await rename(this.#paths.token, manifestPath(folder, filenames.artifact));
    await syncFolder(folder);
    return manifest;
  }

  /** What the token tells is another's by now, and is not to be removed with it. @throws AppError STORE_UNAVAILABLE */
  async #refuseLostName(): Promise<never> {
    await rm(this.#paths.token, { force: true });
    this.#hasToken = false;
    throw new AppError(
      'STORE_UNAVAILABLE',
      'The name of the export was lost while this worker was held up; try again.',
    );
  }

  async #nameFiles({ artifact, data, metadata }: ExportFilenames): Promise<void> {
    const { folder } = this.#parts;
    if (this.#data !== undefined) await rename(this.#paths.data, join(folder, data));
    if (metadata !== undefined) await rename(this.#paths.metadata, join(folder, metadata));
    await rename(this.#paths.artifact, join(folder, artifact));
  }
}

/** Tells an empty file from another one; inodes are given out anew. */
function emptyFileIdentity({ ino, size, ctimeNs }: { ino: bigint; size: bigint; ctimeNs: bigint }): string {
  return `${ino}-${size}-${ctimeNs}`;
}

/** Creates a small file. `synced` settles when it is on the disk. */
async function createFile(path: string, text: string): Promise<{ readonly synced: Promise<void> }> {
  const file = await open(path, 'wx');
  const written = file.writeFile(text);
  const synced = written.then(() => file.sync()).finally(() => file.close());
  // Awaited later than it begins.
  synced.catch(() => undefined);
  await written;
  return { synced };
}
