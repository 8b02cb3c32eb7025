import { constants } from 'node:fs';
import { access, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { openRegularFile, type RegularFile, readRegularFile, syncFolder, TEMPORARY_PREFIX } from '@caissa/bytes';
import { artifactOf, exportFilenamePattern, factsOf } from '@caissa/formats';
import { filenameSchema } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { draftOwner, draftPath, MANIFEST_SUFFIX, newAttempt, removeDraftsOf, TakenNames } from './artifact-names.js';
import type { ArtifactDraft, ArtifactName, ArtifactStore, StoredFile } from './artifact-store.js';
import { LocalArtifactDraft } from './local-artifact-draft.js';
import { expectedOf, filesOf, type Manifest, parseManifestText } from './manifest.js';
import { artifactDamaged, callStore, exportNotFound } from './store-errors.js';

/** Every reader holds about two of these while it waits for its client; four times as much was no faster. */
const READ_BYTES = 1 << 18;
/** Files that only we name like this; others in the folder are left alone. */
const OUR_NAME = exportFilenamePattern();
/** A file that has lain this long without a manifest will not get one: a commit takes milliseconds. */
const ORPHAN_AGE_MS = 60_000;

/** An artifact store in a local folder, which several processes and machines may share. */
export class LocalArtifactStore implements ArtifactStore {
  readonly #folder: string;
  readonly #names = new TakenNames();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the store, creating the folder if need be. */
  static async open(folder: string): Promise<LocalArtifactStore> {
    await callStore(() => mkdir(folder, { recursive: true }));
    return new LocalArtifactStore(folder);
  }

  begin(jobId: string, { firstAttempt = false } = {}): Promise<ArtifactDraft> {
    return callStore(async () => {
      // Not for a first attempt: reading a folder of many thousand exports takes longer than writing a small one.
      if (!firstAttempt) await removeDraftsOf(jobId, this.#folder);
      const path = draftPath(this.#folder, newAttempt(jobId));
      return LocalArtifactDraft.create(this.#folder, this.#names, path);
    });
  }

  findByJob(jobId: string, { stem, format }: ArtifactName): Promise<Manifest | undefined> {
    return callStore(async () => {
      // Numbers may be missing: others of the same second have been removed since.
      const { extension } = factsOf(format);
      const names = (await readdir(this.#folder)).filter(
        (name) => name.startsWith(stem) && name.endsWith(`.${extension}`),
      );
      for (const name of names) {
        const manifest = await this.readManifest(name);
        if (manifest?.job_id === jobId) return manifest;
      }
      return undefined;
    });
  }

  readManifest(filename: string): Promise<Manifest | undefined> {
    return callStore(async () => {
      if (!filenameSchema.safeParse(filename).success) return undefined;
      const text = await readRegularFile(join(this.#folder, `${filename}${MANIFEST_SUFFIX}`));
      const manifest = text === undefined ? undefined : parseManifestText(text);
      // A manifest whose file somebody took away shows nothing any more.
      if (manifest?.filename !== filename || !(await this.#exists(filename))) return undefined;
      return !manifest.data_file || (await this.#exists(manifest.data_file.filename)) ? manifest : undefined;
    });
  }

  listFilenames(): Promise<string[]> {
    return callStore(async () => {
      const names = await readdir(this.#folder);
      const present = new Set(names);
      const manifests = names.filter((name) => name.endsWith(MANIFEST_SUFFIX));
      return manifests.map((name) => name.slice(0, -MANIFEST_SUFFIX.length)).filter((name) => present.has(name));
    });
  }

  open(filename: string): Promise<StoredFile> {
    return callStore(async () => {
      for (;;) {
        const expected = await this.#expected(filename);
        const opened = expected && (await openRegularFile(join(this.#folder, filename)));
        if (!opened) throw exportNotFound();
        const { handle, stats } = opened;
        // The name may have passed to another export in between: the file must be the one that the manifest means.
        if ((await this.#expected(filename))?.sha256 === expected.sha256) {
          if (stats.size === expected.size_bytes) return storedFile(filename, expected.sha256, opened);
          await handle.close();
          throw artifactDamaged();
        }
        await handle.close();
      }
    });
  }

  remove(filename: string): Promise<{ filename: string; size_bytes: number }[]> {
    return callStore(async () => {
      const manifest = await this.readManifest(filename);
      if (!manifest) throw exportNotFound();
      const files = filesOf(manifest);
      // The manifest goes first: from then on nobody sees the rest. The artifact goes last: it holds the name, so that
      // no new export takes the name while something beside it is still to be removed.
      for (const name of [`${filename}${MANIFEST_SUFFIX}`, ...files.map((one) => one.filename).reverse()]) {
        await rm(join(this.#folder, name), { force: true });
      }
      this.#names.forget(filename);
      await syncFolder(this.#folder);
      return files;
    });
  }

  sweep(isActive: (jobId: string) => Promise<boolean>): Promise<string[]> {
    return callStore(async () => {
      const names = await readdir(this.#folder);
      const present = new Set(names);
      const removed: string[] = [];
      for (const name of names) {
        if (!(await this.#isLeftOver(name, present, isActive))) continue;
        await rm(join(this.#folder, name), { force: true });
        removed.push(name);
      }
      return removed;
    });
  }

  async check(): Promise<void> {
    try {
      await access(this.#folder, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw new AppError('STORE_UNAVAILABLE', 'The folder of exports cannot be used.', { cause: error });
    }
  }

  async #isLeftOver(name: string, present: Set<string>, isActive: (id: string) => Promise<boolean>): Promise<boolean> {
    const jobId = draftOwner(name);
    if (jobId === undefined && !name.startsWith(TEMPORARY_PREFIX) && !isOrphan(name, present)) return false;
    const found = await lstat(join(this.#folder, name)).catch(() => undefined);
    if (!found?.isFile()) return false;
    return jobId === undefined ? Date.now() - found.ctimeMs > ORPHAN_AGE_MS : !(await isActive(jobId));
  }

  /** Size and digest that a visible file must have. */
  async #expected(filename: string): Promise<{ size_bytes: number; sha256: string } | undefined> {
    const owner = await this.readManifest(artifactOf(filename));
    return owner && expectedOf(owner, filename);
  }

  async #exists(filename: string): Promise<boolean> {
    return (await lstat(join(this.#folder, filename)).catch(() => undefined)) !== undefined;
  }
}

/** Whether a file is one half of an export whose other half is missing. */
function isOrphan(name: string, present: Set<string>): boolean {
  if (name.endsWith(MANIFEST_SUFFIX)) {
    const artifact = name.slice(0, -MANIFEST_SUFFIX.length);
    return OUR_NAME.test(artifact) && !present.has(artifact);
  }
  return OUR_NAME.test(name) && !present.has(`${artifactOf(name)}${MANIFEST_SUFFIX}`);
}

function storedFile(filename: string, sha256: string, { handle, stats }: RegularFile): StoredFile {
  return {
    filename,
    sizeBytes: stats.size,
    sha256,
    modifiedAt: stats.mtime,
    read: (range): Readable => handle.createReadStream({ highWaterMark: READ_BYTES, ...range }),
    readInto: async (buffer, offset) => (await handle.read(buffer, 0, buffer.length, offset)).bytesRead,
    close: () => handle.close(),
  };
}
