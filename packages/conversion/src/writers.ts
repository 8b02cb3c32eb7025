import { type ByteSink, type DataFile, FileSource } from '@caissa/bytes';
import type { Format, JsonObject, OptionValues } from '@caissa/formats';
import type { SpareProcess } from '@caissa/session';
import type { Verification, VerificationLevel } from './artifact-metadata.js';
import { exportPytorch } from './export-pytorch.js';
import type { Checkpoint } from './open-checkpoint.js';
import { skippedForMemory } from './verification-memory.js';
import { verifyPytorch } from './verify-pytorch.js';

/** Where an artifact's bytes go until it is published, by whoever called. */
export interface ArtifactTarget extends ByteSink {
  /** The file that they lie in. */
  readonly localPath: string;
  readonly sizeBytes: number;
  /** Begins a file in the same folder for the weights of a model that is too large to hold them. Nothing is written then. */
  beginData(): Promise<ByteSink>;
  /**
   * Makes the artifact of its bytes, which name its data; returns what the data is called now. Whoever publishes the data
   * under another name makes the artifact once more.
   */
  refer(bytesFor: (dataFilename: string) => Uint8Array): Promise<DataFile>;
  /** Told when all bytes were written, before they are looked at. */
  complete?(): void;
}

/** What is to be written, and how the writing is watched and stopped. */
export interface WriteRequest {
  /** What the file is to say beside the checkpoint's own metadata, or in its place. */
  readonly metadata: JsonObject;
  /** Of all formats; each heeds its own. */
  readonly options: OptionValues;
  /** Whether {@link checkWeights} has passed on this very checkpoint, so that its weights need not be looked at again. */
  readonly weightsChecked: boolean;
  /** What a model may take to be one file; by default what the format allows. */
  readonly maxFileBytes: number | undefined;
  readonly signal: AbortSignal;
  onProgress(bytesWritten: number, totalBytes: number): void;
}

/** How a written file is looked at, and how that is watched and stopped. */
export interface VerifyRequest {
  readonly level: VerificationLevel;
  /** The file that holds the weights, where that is not the artifact itself. */
  readonly dataFile: DataFile | undefined;
  /** Where a process may wait in which a model is run. */
  readonly spare: SpareProcess | undefined;
  readonly signal: AbortSignal;
  /** Told how much is done, 0 to 1, by whoever can say. */
  onProgress(share: number): void;
}

/** Writes the files of one format, and finds out whether they are what they ought to be. */
export interface FormatWriter {
  /**
   * Writes an artifact. Returns the file that holds the weights, where that is not the artifact itself.
   * @throws FormatError; what the target throws; the signal's reason
   */
  write(checkpoint: Checkpoint, target: ArtifactTarget, request: WriteRequest): Promise<DataFile | undefined>;
  /**
   * Looks at an artifact that was written. Returns what goes into its metadata.
   * @throws VerificationError, SessionError; the signal's reason
   */
  verify(target: ArtifactTarget, checkpoint: Checkpoint, request: VerifyRequest): Promise<Verification>;
}

/** The code that writes each format; what only one of them needs is loaded when it is used. */
export const WRITERS: Readonly<Record<Format, FormatWriter>> = {
  pytorch: {
    async write(checkpoint, target, { metadata, weightsChecked, signal, onProgress }) {
      await exportPytorch(checkpoint, target, { metadata, weightsChecked, signal, onProgress });
      return undefined;
    },
    async verify({ localPath }, checkpoint, { level, signal, onProgress }) {
      const written = await FileSource.open(localPath);
      try {
        return await verifyPytorch(written, checkpoint, level, { signal, onProgress });
      } finally {
        await written.close();
      }
    },
  },
  onnx: {
    async write(checkpoint, target, { metadata, options, maxFileBytes, weightsChecked, signal, onProgress }) {
      const { exportOnnx, toOnnxProperties } = await import('./export-onnx.js');
      const { external } = await exportOnnx(checkpoint, target, {
        ...{ opset: options.opset, weightsChecked, signal, onProgress },
        metadata: toOnnxProperties({ ...checkpoint.metadata, ...metadata }),
        beginData: () => target.beginData(),
        ...(maxFileBytes === undefined ? {} : { maxFileSizeBytes: maxFileBytes }),
      });
      return external && target.refer((dataFilename) => external.encode(dataFilename));
    },
    async verify({ localPath, sizeBytes }, checkpoint, { level, dataFile, ...control }) {
      const { compareInitializers, verifyOnnx } = await import('./verify-onnx.js');
      const skipped = skippedForMemory(level, dataFile?.sizeBytes ?? sizeBytes);
      if (skipped === undefined) return verifyOnnx(localPath, checkpoint, level, { dataFile, ...control });
      return {
        ...skipped,
        ...(await compareInitializers(localPath, checkpoint.reference, { dataFile, signal: control.signal })),
      };
    },
  },
};
