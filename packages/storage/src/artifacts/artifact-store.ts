import type { Readable } from 'node:stream';
import type { ByteSink, DataFile } from '@caissa/bytes';
import type { Format } from '@caissa/formats';
import type { Manifest } from './manifest.js';

/** What is written down of an artifact once its bytes are known; the store adds name, size and digest. */
export type ManifestDraft = Omit<
  Manifest,
  'filename' | 'size_bytes' | 'sha256' | 'data_file' | 'metadata_file' | 'schema_version'
>;

/** What the name of an artifact is made of. */
export interface ArtifactName {
  /** All but its extension, and the number that tells it from others of this stem. */
  readonly stem: string;
  readonly format: Format;
}

/** Settles if the one who asks still has the job that an artifact is for. @throws AppError JOB_LOST if another has it */
export type Confirm = () => Promise<void>;

/** The bytes of a new artifact while they are written. Nobody sees them before `commit`. */
export interface ArtifactDraft extends ByteSink {
  /** Where the bytes lie on this machine until `commit`, for tools that need a file. */
  readonly localPath: string;
  readonly sizeBytes: number;
  /** Says that the last byte was written: what `commit` waits for begins while the bytes are looked at. */
  complete(): void;
  /**
   * Begins a second file, which is published beside the artifact as `{filename}.data`. The artifact's own bytes are not
   * written then, but made by {@link refer} when the data is complete. To be called once at most.
   */
  beginData(): Promise<ByteSink>;
  /**
   * Makes the artifact's own bytes, which name its data. They are made for the name that the data has as long as it is a
   * draft, which is the answer, and once more when it is published under another.
   */
  refer(bytesFor: (dataFilename: string) => Uint8Array): Promise<DataFile>;
  /**
   * Publishes the artifact under `{stem}.{extension}`, or `{stem}_2.{extension}` and so on if that is taken; where the
   * format asks for it also `manifest.metadata`, as a file of its own. Everything is safely stored before the manifest
   * is, and the manifest comes last. An attempt whose job another has taken over never publishes, wherever it was held up.
   * What a commit that failed has left, `abort` removes; one that failed as its very last step has published all the same.
   * @param describe what to write down, told the SHA-256 of the bytes, and of the data if there is any, in hexadecimal digits
   * @throws AppError STORAGE_FULL, STORE_UNAVAILABLE; JOB_LOST
   */
  commit(name: ArtifactName, describe: (sha256: string, dataSha256?: string) => ManifestDraft): Promise<Manifest>;
  /** Removes what was written. Does nothing after `commit`. */
  abort(): Promise<void>;
}

/**
 * A published file, opened. In a folder it stays readable though it be removed meanwhile; from an object store what is
 * being read goes on, and reading that begins later fails with EXPORT_NOT_FOUND.
 */
export interface StoredFile {
  readonly filename: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly modifiedAt: Date;
  /** Bytes `start` to `end`, both inclusive. Ends the file when it ends; call once. */
  read(range?: { start: number; end: number }): Readable;
  /**
   * Fills a buffer from an offset on, as far as one call of the system goes, and returns the number of bytes; for files
   * that lie in a folder of this machine. Does not end the file.
   */
  readInto?(buffer: Uint8Array, offset: number): Promise<number>;
  /** Gives an address where the bytes can be had for some minutes, if the store is to be asked for them itself. */
  presign?(): Promise<string>;
  close(): Promise<void>;
}

/** Where exported files live. Everything it shows is whole: an artifact is visible with its manifest or not at all. */
export interface ArtifactStore {
  /** Begins an artifact for an attempt at a job. @param confirm asked before anything is published */
  begin(attempt: string, confirm: Confirm): Promise<ArtifactDraft>;
  /**
   * Takes over a job that others may have begun: what they have begun cannot be published any more, and is removed. Returns
   * the artifact that the job has published under this stem, if it has. Not needed for who is the first to have a job.
   * @throws AppError STORE_UNAVAILABLE; JOB_LOST
   */
  takeOver(jobId: string, name: ArtifactName, confirm: Confirm): Promise<Manifest | undefined>;
  /** Removes what an attempt has begun, if it has published nothing: when its process was lost before it could do so itself. */
  giveUp(attempt: string): Promise<void>;
  readManifest(filename: string): Promise<Manifest | undefined>;
  /** Names of all artifacts, in no order. No manifest is read: one that is damaged shows only then. */
  listFilenames(): Promise<string[]>;
  /**
   * Opens an artifact, its data or a metadata file.
   * @throws AppError EXPORT_NOT_FOUND, or ARTIFACT_DAMAGED if it has not the size its manifest says
   */
  open(filename: string): Promise<StoredFile>;
  /** Removes an artifact with all that belongs to it. @throws AppError EXPORT_NOT_FOUND */
  remove(filename: string): Promise<{ filename: string; size_bytes: number }[]>;
  /**
   * Removes what dead workers left behind, and nothing that belongs to a job which may still be worked on; the clock of this
   * machine does not matter. Returns names of what was removed.
   * @param isActive whether a job is not over
   */
  sweep(isActive: (jobId: string) => Promise<boolean>): Promise<string[]>;
  /** Settles if the store can be used. @throws AppError STORE_UNAVAILABLE */
  check(): Promise<void>;
}
