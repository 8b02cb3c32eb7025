import { type ByteSink, type DataFile, type DraftData, DraftFile, type Piece, referToData } from '@caissa/bytes';
import { DATA_SUFFIX, type ExportFilenames, exportFilenames, numberedStem } from '@caissa/formats';
import { AppError } from '@caissa/shared/errors';
import { FileUpload } from '../object-store/file-upload.js';
import type { ObjectStore, ObjectUpload } from '../object-store/object-store.js';
import type { TakenNames } from './artifact-names.js';
import { draftPath, NAME_ATTEMPTS } from './artifact-names.js';
import type { ArtifactDraft, ArtifactName, Confirm, ManifestDraft } from './artifact-store.js';
import { composeManifest, type FileFacts, factsOf, toJsonText } from './compose-manifest.js';
import type { Manifest } from './manifest.js';
import { manifestKey, objectKey, readStoredManifest } from './s3-layout.js';
import { beginToken, goneToken } from './s3-token.js';
import { callStore } from './store-errors.js';

/** How often a token is made that others take down: they may do so while they take over another job of the same second. */
const TOKEN_ATTEMPTS = 10;

/** A file of the draft, and its way into the store. */
interface Spooled {
  readonly file: DraftFile;
  readonly upload: FileUpload;
}

/** The second file of an artifact, and its way into the store. */
type Data = Spooled & DraftData;

/** What a commit publishes. */
interface Publication {
  /** The file that holds the weights: the data where there is any, else the artifact itself. */
  readonly whole: FileFacts;
  readonly describe: (sha256: string, dataSha256?: string) => ManifestDraft;
}

/** What a draft is made of. */
export interface S3DraftParts {
  readonly objects: ObjectStore;
  readonly names: TakenNames;
  /** Folder on this machine where the bytes lie until they are published. */
  readonly spoolFolder: string;
  readonly attempt: string;
  readonly confirm: Confirm;
}

/**
 * An artifact on its way into an object store. Its bytes go to a file on this machine, where they can be looked at, and
 * from there in parts into the store, meanwhile. The manifest comes last, as an upload of its own: the token, which is there
 * before the attempt asks whether it still has its job, and whose completion is the publication. So whoever has the job
 * later finds it, aborts it, and ends the attempt wherever that is held up.
 */
export class S3ArtifactDraft implements ArtifactDraft {
  readonly #parts: S3DraftParts;
  readonly #artifact: Spooled;
  #data: Data | undefined;
  /** Objects that were made of it. */
  readonly #stored = new Set<string>();
  /** Whether there is a manifest that refers to them, or may be. */
  #mustStay = false;
  #token: ObjectUpload | undefined;
  #metadata: string | undefined;

  private constructor(parts: S3DraftParts, artifact: Spooled) {
    this.#parts = parts;
    this.#artifact = artifact;
  }

  /** Begins the upload. @throws AppError STORE_UNAVAILABLE, STORAGE_FULL */
  static async create(parts: S3DraftParts): Promise<S3ArtifactDraft> {
    const path = draftPath(parts.spoolFolder, parts.attempt);
    return new S3ArtifactDraft(parts, await spool(parts.objects, path, objectKey(parts.attempt, 'artifact')));
  }

  get localPath(): string {
    return this.#artifact.file.path;
  }

  get sizeBytes(): number {
    return this.#artifact.file.sizeBytes;
  }

  write(chunk: Uint8Array): Promise<void> {
    return write(this.#artifact, [chunk]);
  }

  writePieces(pieces: readonly Piece[]): Promise<void> {
    return write(this.#artifact, pieces);
  }

  beginData(): Promise<ByteSink> {
    return callStore(async () => {
      const { objects, attempt } = this.#parts;
      const data = await spool(objects, `${this.localPath}${DATA_SUFFIX}`, objectKey(attempt, 'data'));
      this.#data = data;
      return { write: (chunk) => write(data, [chunk]), writePieces: (pieces) => write(data, pieces) };
    });
  }

  refer(bytesFor: (dataFilename: string) => Uint8Array): Promise<DataFile> {
    return callStore(() => referToData(this.#artifact.file, this.#data, bytesFor));
  }

  complete(): void {
    (this.#data ?? this.#artifact).upload.finish();
  }

  commit(name: ArtifactName, describe: (sha256: string, dataSha256?: string) => ManifestDraft): Promise<Manifest> {
    return callStore(async () => {
      const { bytesFor } = this.#data ?? {};
      if (this.#data !== undefined && bytesFor === undefined) throw new Error('the draft does not refer to its data');
      const whole = await this.#store(this.#data ?? this.#artifact, this.#data ? 'data' : 'artifact');
      // What names its data is small, and written for each name that is tried.
      if (bytesFor) await this.#artifact.upload.abort();
      try {
        return await this.#publishAs(name, { whole, describe });
      } catch (error) {
        this.#parts.names.forget(exportFilenames(name.stem, name.format).artifact);
        throw error;
      }
    });
  }

  /** What the store keeps of it because it cannot be reached now is swept later. */
  async abort(): Promise<void> {
    const drafts = [this.#artifact, ...(this.#data ? [this.#data] : [])];
    for (const { upload } of drafts) await upload.stop();
    await this.#dropToken().catch(() => undefined);
    if (!this.#mustStay) await this.#removeObjects(drafts).catch(() => undefined);
    await callStore(async () => {
      for (const { file } of drafts) await file.abort();
    });
  }

  async #removeObjects(drafts: readonly Spooled[]): Promise<void> {
    // Not on and on where the first of them fails: somebody waits for the job to end.
    for (const { upload } of drafts) await upload.abort();
    await this.#parts.objects.remove([...this.#stored]);
  }

  /** Publishes what was stored whole, under the first of its names that is free. */
  async #publishAs(name: ArtifactName, { whole, describe }: Publication): Promise<Manifest> {
    const { bytesFor } = this.#data ?? {};
    for (const filenames of this.#namesFor(name)) {
      const file = bytesFor ? await this.#storeReference(bytesFor(filenames.data)) : whole;
      const data = bytesFor ? whole : undefined;
      const draft = describe(file.sha256, data?.sha256);
      const { manifest, metadata } = composeManifest({ filenames, file, data, draft });
      if (filenames.metadata !== undefined) await this.#putMetadata(metadata);
      if (await this.#publish(manifest)) return manifest;
    }
    throw new Error(`no free name for ${name.stem}`);
  }

  /** Names to try, each of which is left to this draft by the others of this process until it turns out to be taken. */
  *#namesFor({ stem, format }: ArtifactName): Generator<ExportFilenames> {
    const { names } = this.#parts;
    const { artifact: first } = exportFilenames(stem, format);
    for (let number = names.firstFree(first); number <= NAME_ATTEMPTS; number = names.firstFree(first)) {
      names.note(first, number + 1);
      yield exportFilenames(numberedStem(stem, number), format);
    }
  }

  /** Completes the upload of a file: the object is there then, and nobody knows of it. */
  async #store({ file, upload }: Spooled, role: 'artifact' | 'data'): Promise<FileFacts> {
    upload.finish();
    const sha256 = file.digest();
    this.#stored.add(objectKey(this.#parts.attempt, role));
    await upload.complete();
    return { size_bytes: file.sizeBytes, sha256: await sha256 };
  }

  /** Stores the artifact that names its data, in place of one that names it otherwise. */
  async #storeReference(bytes: Uint8Array): Promise<FileFacts> {
    await this.#put('artifact', bytes, 'application/octet-stream');
    return factsOf(bytes);
  }

  /** Stores the metadata, unless that was done for another name: only digests make it differ. */
  async #putMetadata(metadata: string): Promise<void> {
    if (metadata === this.#metadata) return;
    await this.#put('metadata', metadata, 'application/json');
    this.#metadata = metadata;
  }

  async #put(role: 'artifact' | 'metadata', content: string | Uint8Array, contentType: string): Promise<void> {
    const key = objectKey(this.#parts.attempt, role);
    this.#stored.add(key);
    await this.#parts.objects.put(key, content, { contentType });
  }

  /** Takes the name and makes the artifact visible, in one. Returns false if another has the name. */
  async #publish(manifest: Manifest): Promise<boolean> {
    const { objects, attempt } = this.#parts;
    for (let tries = 1; tries <= TOKEN_ATTEMPTS; tries++) {
      const outcome = await this.#completeToken(manifest).catch(goneToken);
      const isOurs = async () => (await readStoredManifest(objects, manifest.filename))?.attempt === attempt;
      this.#mustStay = outcome === 'completed' || (await isOurs());
      if (this.#mustStay) {
        await this.#tidyUp();
        return true;
      }
      await this.#dropToken();
      if (outcome === 'taken') return false;
    }
    throw new AppError('STORE_UNAVAILABLE', 'The object store did not complete a manifest; try again in a moment.');
  }

  /** Makes the token, asks whether the job is still this attempt's, and then turns the token into the manifest. */
  async #completeToken(manifest: Manifest): Promise<'completed' | 'taken' | 'gone'> {
    const { objects, attempt, confirm } = this.#parts;
    const text = toJsonText({ ...manifest, attempt });
    const token = await beginToken(objects, manifestKey(manifest.filename), text);
    this.#token = token;
    await confirm();
    // Until an answer is known there may be a manifest.
    this.#mustStay = true;
    return token.completeIfAbsent();
  }

  async #dropToken(): Promise<void> {
    if (this.#token !== undefined) await this.#parts.objects.abortUpload(this.#token);
    this.#token = undefined;
  }

  /** Nothing of this has to succeed: the artifact is published. */
  async #tidyUp(): Promise<void> {
    const { objects, attempt } = this.#parts;
    await objects.put(objectKey(attempt, 'published'), '').catch(() => undefined);
    for (const { file } of [this.#artifact, ...(this.#data ? [this.#data] : [])]) {
      await file.abort().catch(() => undefined);
    }
  }
}

async function spool(objects: ObjectStore, path: string, key: string): Promise<Spooled> {
  const file = await DraftFile.create(path, { durable: false });
  try {
    return { file, upload: await FileUpload.begin(objects, key, path) };
  } catch (error) {
    await file.abort();
    throw error;
  }
}

function write({ file, upload }: Spooled, pieces: readonly Piece[]): Promise<void> {
  return callStore(async () => {
    const written = file.writePieces(pieces);
    // Later writes may have begun by the time this one is done.
    const sizeBytes = file.sizeBytes;
    await written;
    upload.advance(sizeBytes);
  });
}
