import type { Readable } from 'node:stream';
import type { OpenFile } from '@caissa/bytes';
import type { CheckpointFile, ModelFile } from './model-file.js';

/** The bytes of one state of a checkpoint. */
export interface ModelSource extends OpenFile {
  /** What to call it: the name of its file, or the one that an upload is to have. */
  readonly filename: string;
  /** Which state it is; as {@link ModelFile} has it. */
  readonly identity: string;
}

/** A file that has the name of a checkpoint but cannot be listed. */
export interface LeftOut {
  readonly filename: string;
  /** Why, and what to do about it, in a sentence. */
  readonly reason: string;
}

/** What a store holds, in no order. */
export interface ModelListing {
  readonly files: readonly CheckpointFile[];
  readonly leftOut: readonly LeftOut[];
}

/** A checkpoint that arrived whole, under a name that nobody lists. */
export interface ReceivedUpload {
  /** What it is called until it is a model; goes into the job that looks into it. */
  readonly upload: string;
  readonly sizeBytes: number;
  /** Hexadecimal digits. */
  readonly sha256: string;
  readonly identity: string;
}

/** Bytes that are to be added to an upload. */
export interface UploadPiece {
  readonly body: Readable;
  /** Where they belong: what is kept so far ends there. */
  readonly offset: number;
  /** Bytes that the whole upload has. */
  readonly sizeBytes: number;
  /** Throws when the upload is no longer ours to write to. */
  readonly check: () => void;
}

/** What became of an {@link UploadPiece}. */
export interface KeptPiece {
  /** Bytes of the upload that are kept by now. */
  readonly keptBytes: number;
  /** Hexadecimal digits, of a piece that began the upload. */
  readonly sha256?: string;
}

/** What is told to whoever follows a store. */
export interface ModelObserver {
  /** A file came, changed or went; without a name, anything may have. */
  changed(filename?: string): void;
  /** The store cannot be followed at the moment. */
  failed(error: unknown): void;
}

/** Where checkpoints live. A checkpoint that was uploaded is seen whole or not at all. */
export interface ModelStore {
  /** For people: the folder, or the address of the bucket. */
  readonly place: string;
  /** Names of all models, in no order. @throws AppError STORE_UNAVAILABLE; the system's error */
  names(): Promise<string[]>;
  /** Describes all checkpoints. @throws AppError STORE_UNAVAILABLE; the system's error */
  list(): Promise<ModelListing>;
  /** Describes one checkpoint, if it is there. @throws AppError STORE_UNAVAILABLE; the system's error */
  look(filename: string): Promise<CheckpointFile | undefined>;
  /** Describes one model. @throws AppError INVALID_NAME, MODEL_NOT_FOUND, STORE_UNAVAILABLE; the system's error */
  find(name: string): Promise<ModelFile>;
  /**
   * Opens a model for reading at any offset. What is read is of the state that it has now: should it be replaced, the
   * reads that follow give the same bytes, or fail.
   * @throws as `find` does, and FormatError NOT_A_CHECKPOINT for what is no file. Reads fail with AppError SOURCE_CHANGED
   */
  open(name: string): Promise<ModelSource>;
  /** Opens an upload that is not a model yet. @throws AppError MODEL_NOT_FOUND with the name of the model if it is gone */
  openUpload(upload: string, modelName: string): Promise<ModelSource>;
  /**
   * Takes a checkpoint in. Nothing is left behind on failure.
   * @throws AppError BODY_TOO_LARGE, INVALID_BODY if it is empty, STORE_UNAVAILABLE; the system's error
   */
  receive(body: Readable, limitBytes: number): Promise<ReceivedUpload>;
  /** How many bytes of an upload are kept, from its first; 0 if there are none. @throws AppError STORE_UNAVAILABLE; the system's error */
  keptBytes(upload: string): Promise<number>;
  /**
   * Adds to an upload that comes in pieces, one piece at a time. What has arrived is kept though the body breaks off.
   * @throws AppError INVALID_BODY if it is empty, UPLOAD_DAMAGED if it is too long, STORE_UNAVAILABLE; what `check` throws; the system's error
   */
  append(upload: string, piece: UploadPiece): Promise<KeptPiece>;
  /**
   * Ends an upload that came in pieces, all of which are kept. What is not told of its digest is computed.
   * @throws AppError MODEL_NOT_FOUND or STORE_UNAVAILABLE if it is gone; the system's error
   */
  complete(upload: string, sha256?: string): Promise<ReceivedUpload>;
  /**
   * Makes a model of an upload, unless there is one of this name; it appears whole and at once. Returns its identity.
   * @throws AppError MODEL_EXISTS, STORE_UNAVAILABLE; the system's error
   */
  publish(received: ReceivedUpload, name: string): Promise<string>;
  /** Removes an upload, if it is still there. */
  discard(upload: string): Promise<void>;
  /**
   * Removes what uploads left behind, but for those that may go on: when their process ended, and by the time that the store
   * tells. Returns the names.
   */
  sweep(unfinished: ReadonlySet<string>, nowMs?: number): Promise<string[]>;
  /** Tells the observer of changes, until the function that it returns is called. A change may be told late or twice. */
  watch(observer: ModelObserver): Promise<() => Promise<void>>;
}
