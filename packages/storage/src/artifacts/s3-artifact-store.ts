import { mkdir } from 'node:fs/promises';
import { artifactOf, exportFilenames, factsOf, numberedStem } from '@caissa/formats';
import { filenameSchema } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import type { ObjectStore, OpenUpload } from '../object-store/object-store.js';
import { jobOfAttempt, MANIFEST_SUFFIX, TakenNames } from './artifact-names.js';
import type { ArtifactDraft, ArtifactName, ArtifactStore, Confirm, StoredFile } from './artifact-store.js';
import { expectedOf, filesOf, type Manifest } from './manifest.js';
import { S3ArtifactDraft } from './s3-artifact-draft.js';
import { CONDITION_PROBE, EXPORTS, keyOf, manifestKey, OBJECTS, objectKey, readStoredManifest } from './s3-layout.js';
import { listDrafts, removeDrafts, sweepSpool } from './s3-spool.js';
import { s3StoredFile } from './s3-stored-file.js';
import { sweepObjects } from './s3-sweep.js';
import { beginToken, goneToken } from './s3-token.js';
import { artifactDamaged, callStore, exportNotFound } from './store-errors.js';

/** How a store is set up. */
export interface S3ArtifactStoreOptions {
  readonly objects: ObjectStore;
  /** Folder on this machine for drafts, which is made when it is needed. */
  readonly spoolFolder: string;
  /** Whether readers are to be sent to the object store. */
  readonly presignedDownloads: boolean;
}

/**
 * An artifact store in a bucket. Bytes lie under the attempt that wrote them and never change; the manifest, written last
 * and only if there is none of its name, makes them visible and says which they are.
 */
export class S3ArtifactStore implements ArtifactStore {
  readonly #objects: ObjectStore;
  readonly #spoolFolder: string;
  readonly #presigns: boolean;
  readonly #names = new TakenNames();
  #heedsConditions = false;

  /** Nothing is asked of the object store yet. */
  constructor({ objects, spoolFolder, presignedDownloads }: S3ArtifactStoreOptions) {
    this.#objects = objects;
    this.#spoolFolder = spoolFolder;
    this.#presigns = presignedDownloads;
  }

  begin(attempt: string, confirm: Confirm): Promise<ArtifactDraft> {
    return callStore(async () => {
      await this.#refuseUnconditional();
      await mkdir(this.#spoolFolder, { recursive: true });
      const parts = { objects: this.#objects, names: this.#names, spoolFolder: this.#spoolFolder };
      return S3ArtifactDraft.create({ ...parts, attempt, confirm });
    });
  }

  takeOver(jobId: string, name: ArtifactName, confirm: Confirm): Promise<Manifest | undefined> {
    return callStore(async () => {
      const drafts = await listDrafts(this.#spoolFolder, (attempt) => jobOfAttempt(attempt) === jobId);
      // Whose a token is cannot be told: those of other jobs of the same second are made again.
      const tokens = await this.#listTokens(name);
      const uploads = await this.#listUploads(`${OBJECTS}${jobId}.`);
      await confirm();
      await removeDrafts(this.#spoolFolder, drafts);
      for (const upload of [...tokens, ...uploads]) await this.#objects.abortUpload(upload);
      return this.#findByJob(jobId, name);
    });
  }

  giveUp(attempt: string): Promise<void> {
    return callStore(async () => {
      await removeDrafts(this.#spoolFolder, await listDrafts(this.#spoolFolder, (one) => one === attempt));
      // What has become an object may have been published; what has not is swept.
      for (const upload of await this.#listUploads(`${OBJECTS}${attempt}/`)) await this.#objects.abortUpload(upload);
    });
  }

  async readManifest(filename: string): Promise<Manifest | undefined> {
    if (!filenameSchema.safeParse(filename).success) return undefined;
    return (await readStoredManifest(this.#objects, filename))?.manifest;
  }

  async listFilenames(): Promise<string[]> {
    const filenames: string[] = [];
    for await (const filename of this.#filenames('')) filenames.push(filename);
    return filenames;
  }

  async open(filename: string): Promise<StoredFile> {
    if (!filenameSchema.safeParse(filename).success) throw exportNotFound();
    const stored = await readStoredManifest(this.#objects, artifactOf(filename));
    const expected = stored && expectedOf(stored.manifest, filename);
    if (!expected) throw exportNotFound();
    const key = keyOf(stored, filename);
    const found = await this.#objects.head(key);
    if (!found) throw exportNotFound();
    if (found.sizeBytes !== expected.size_bytes) throw artifactDamaged();
    const file = { filename, key, sha256: expected.sha256, info: found };
    return s3StoredFile(this.#objects, file, this.#presigns);
  }

  async remove(filename: string): Promise<{ filename: string; size_bytes: number }[]> {
    if (!filenameSchema.safeParse(filename).success) throw exportNotFound();
    const stored = await readStoredManifest(this.#objects, filename);
    if (!stored) throw exportNotFound();
    const files = filesOf(stored.manifest);
    const { attempt } = stored;
    // The note goes before the manifest that it stands for: without it whatever is left is found and swept.
    await this.#objects.remove(attempt === undefined ? [] : [objectKey(attempt, 'published')]);
    await this.#objects.remove([manifestKey(filename)]);
    this.#names.forget(filename);
    await this.#objects.remove(files.map((file) => keyOf(stored, file.filename)));
    return files;
  }

  async sweep(isActive: (jobId: string) => Promise<boolean>): Promise<string[]> {
    return callStore(async () => [
      ...(await sweepSpool(this.#spoolFolder, isActive)),
      ...(await sweepObjects(this.#objects, isActive)),
    ]);
  }

  check(): Promise<void> {
    return this.#objects.check();
  }

  /** The artifacts whose names begin so. */
  async *#filenames(prefix: string): AsyncGenerator<string> {
    for await (const { key } of this.#objects.list(`${EXPORTS}${prefix}`, '/')) {
      if (key.endsWith(MANIFEST_SUFFIX)) yield key.slice(EXPORTS.length, -MANIFEST_SUFFIX.length);
    }
  }

  async #listUploads(prefix: string): Promise<OpenUpload[]> {
    const uploads: OpenUpload[] = [];
    for await (const upload of this.#objects.listUploads(prefix)) uploads.push(upload);
    return uploads;
  }

  /** What is about to become a manifest under one of the names that an artifact may get. */
  async #listTokens({ stem, format }: ArtifactName): Promise<OpenUpload[]> {
    const tokens = await this.#listUploads(`${EXPORTS}${stem}`);
    // MinIO tells of uploads only to who names the whole key. Under a name that is taken none can be completed.
    const taken = new Set<string>();
    for await (const filename of this.#filenames(stem)) taken.add(filename);
    for (let number = 1; number <= taken.size + 1; number++) {
      const { artifact } = exportFilenames(numberedStem(stem, number), format);
      if (!taken.has(artifact)) tokens.push(...(await this.#listUploads(manifestKey(artifact))));
    }
    return tokens;
  }

  async #findByJob(jobId: string, { stem, format }: ArtifactName): Promise<Manifest | undefined> {
    const { extension } = factsOf(format);
    for await (const filename of this.#filenames(stem)) {
      const manifest = filename.endsWith(`.${extension}`) ? await this.readManifest(filename) : undefined;
      if (manifest?.job_id === jobId) return manifest;
    }
    return undefined;
  }

  /** A store that does not know conditional writes would let one export take the place of another. */
  async #refuseUnconditional(): Promise<void> {
    if (this.#heedsConditions) return;
    const write = async () => {
      const upload = await beginToken(this.#objects, CONDITION_PROBE, '\n');
      const outcome = await upload.completeIfAbsent();
      if (outcome !== 'completed') await this.#objects.abortUpload(upload);
      return outcome;
    };
    const outcomes = [await write().catch(goneToken), await write().catch(goneToken)];
    if (outcomes.every((outcome) => outcome === 'completed')) {
      throw new AppError(
        'STORE_UNAVAILABLE',
        'The object store overwrites what it is told to keep (If-None-Match), so it cannot hold exports.',
      );
    }
    this.#heedsConditions = outcomes.includes('taken');
  }
}
