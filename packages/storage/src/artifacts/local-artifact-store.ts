import { constants } from 'node:fs';
import { access, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { openRegularFile, type RegularFile, readRegularFile, syncFolder } from '@caissa/bytes';
import { artifactOf, factsOf } from '@caissa/formats';
import { filenameSchema } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { prepareFolder } from '@caissa/shared/settings';
import { attemptsAt, MANIFEST_SUFFIX, newAttempt, TakenNames } from './artifact-names.js';
import type { ArtifactDraft, ArtifactName, ArtifactStore, Confirm, StoredFile } from './artifact-store.js';
import { LocalArtifactDraft } from './local-artifact-draft.js';
import { exists, giveUpAttempt, isMissing, manifestPath, pathsOfAttempt, readToken } from './local-attempt.js';
import { sweepFolder } from './local-sweep.js';
import { expectedOf, filesOf, type Manifest, parseManifestText } from './manifest.js';
import { artifactDamaged, callStore, exportNotFound } from './store-errors.js';

/** Every reader holds about two of these while it waits for its client; four times as much was no faster. */
const READ_BYTES = 1 << 18;

/** What a removal is called, as an attempt at no job. */
const REMOVAL = 'removal';

/** An artifact store in a local folder, which several processes and machines may share. */
export class LocalArtifactStore implements ArtifactStore {
  readonly #folder: string;
  readonly #names = new TakenNames();

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the store, creating the folder if need be. @throws ConfigurationError if that cannot be done; the system's error */
  static async open(folder: string): Promise<LocalArtifactStore> {
    await prepareFolder(folder, 'write');
    return new LocalArtifactStore(folder);
  }

  begin(attempt: string, confirm: Confirm): Promise<ArtifactDraft> {
    const parts = { folder: this.#folder, names: this.#names, attempt, confirm };
    return callStore(() => LocalArtifactDraft.create(parts));
  }

  takeOver(jobId: string, name: ArtifactName, confirm: Confirm): Promise<Manifest | undefined> {
    return callStore(async () => {
      // What others begin after they were listed is theirs, who hold the job then; and what was listed before this one was
      // confirmed to hold it is not.
      const attempts = attemptsAt(jobId, await readdir(this.#folder));
      await confirm();
      for (const attempt of attempts) await giveUpAttempt(this.#folder, attempt);
      const published = await this.#findByJob(jobId, name);
      // Whoever published it may have gone before it was on the disk.
      if (published !== undefined) await syncFolder(this.#folder);
      return published;
    });
  }

  giveUp(attempt: string): Promise<void> {
    return callStore(async () => void (await giveUpAttempt(this.#folder, attempt)));
  }

  readManifest(filename: string): Promise<Manifest | undefined> {
    return callStore(async () => {
      if (!filenameSchema.safeParse(filename).success) return undefined;
      const text = await readRegularFile(manifestPath(this.#folder, filename));
      const manifest = text === undefined ? undefined : parseManifestText(text);
      // A manifest whose file somebody took away shows nothing any more.
      if (manifest?.filename !== filename || !(await exists(join(this.#folder, filename)))) return undefined;
      return !manifest.data_file || (await exists(join(this.#folder, manifest.data_file.filename)))
        ? manifest
        : undefined;
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
      if (!(await this.readManifest(filename))) throw exportNotFound();
      // As if it had never been published: from then on nobody sees it, and one process alone removes the rest, or another
      // one when this one ends in the middle.
      const attempt = newAttempt(REMOVAL);
      const { token } = pathsOfAttempt(this.#folder, attempt);
      await rename(manifestPath(this.#folder, filename), token).catch((error: unknown) => {
        throw isMissing(error) ? exportNotFound() : error;
      });
      const manifest = await readToken(token);
      await giveUpAttempt(this.#folder, attempt);
      this.#names.forget(filename);
      await syncFolder(this.#folder);
      return manifest === undefined ? [] : filesOf(manifest);
    });
  }

  sweep(isActive: (jobId: string) => Promise<boolean>): Promise<string[]> {
    return callStore(() => sweepFolder(this.#folder, isActive));
  }

  async check(): Promise<void> {
    try {
      await access(this.#folder, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
      const message = `The folder of exports cannot be read and written${code}: look at its volume, and at its rights.`;
      throw new AppError('STORE_UNAVAILABLE', message, { cause: error });
    }
  }

  /** The artifact that a job has published. Numbers may be missing: others of the same second have been removed since. */
  async #findByJob(jobId: string, { stem, format }: ArtifactName): Promise<Manifest | undefined> {
    const { extension } = factsOf(format);
    for (const name of await readdir(this.#folder)) {
      if (!name.startsWith(stem) || !name.endsWith(`.${extension}`)) continue;
      const manifest = await this.readManifest(name);
      if (manifest?.job_id === jobId) return manifest;
    }
    return undefined;
  }

  /** Size and digest that a visible file must have. */
  async #expected(filename: string): Promise<{ size_bytes: number; sha256: string } | undefined> {
    const owner = await this.readManifest(artifactOf(filename));
    return owner && expectedOf(owner, filename);
  }
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
