import { createHash } from 'node:crypto';
import { lstat, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import {
  type ArtifactFormat,
  type ArtifactProgress,
  digestSource,
  FileDraft,
  type FileSource,
  type Metadata,
  makeArtifact,
  openCheckpoint,
} from '@caissa/conversion';
import { exportStem, FORMAT_EXTENSION, toIsoSeconds } from '@caissa/shared/export-name';
import type { ExportOptions } from './command-line.js';
import { EXIT } from './exit-codes.js';
import { CommandError } from './failure.js';

/** A file that was exported, as `--json` shows it. */
export interface Exported {
  readonly file: string;
  readonly format: ArtifactFormat;
  readonly path: string;
  readonly size_bytes: number;
  readonly sha256: string;
  /** Beside an ONNX file. */
  readonly metadata_path?: string;
  readonly metadata: Metadata;
}

/** How the export of one file is watched and stopped, and when it is. */
export interface ExportWatch {
  readonly signal: AbortSignal;
  readonly now: Date;
  report(progress: ArtifactProgress): void;
}

/** A checkpoint that is open, for all formats that are made of it. */
export interface OpenedFile {
  readonly file: string;
  readonly source: Parameters<typeof makeArtifact>[0];
}

/** Opens a checkpoint and computes its digest. @throws FormatError; the signal's reason */
export async function openForExport(file: string, source: FileSource, signal: AbortSignal): Promise<OpenedFile> {
  const checkpoint = await openCheckpoint(source);
  const sha256 = await digestSource(source, signal);
  return { file, source: { file: source, checkpoint, sha256, weightsChecked: false } };
}

/**
 * Makes one file of a checkpoint, and the metadata beside it if it is an ONNX file. Nothing is left of one that failed.
 * @throws CommandError EEXIST, FormatError, VerificationError, SessionError, SourceChangedError; the signal's reason
 */
export async function exportFile(
  { file, source }: OpenedFile,
  format: ArtifactFormat,
  options: ExportOptions,
  watch: ExportWatch,
): Promise<Exported> {
  const modelName = basename(file, extname(file));
  const stem = join(options.out, exportStem(modelName, watch.now));
  const path = `${stem}.${FORMAT_EXTENSION[format]}`;
  const metadataPath = format === 'onnx' ? `${stem}.json` : undefined;
  // Before the work; what appears meanwhile is not replaced either.
  if (!options.force) for (const taken of [path, metadataPath]) await refuseTaken(taken);
  const { opset, verify, metadata: callers } = options;
  const request = { modelName, format, metadata: callers, opset, verify, exportDate: toIsoSeconds(watch.now) };
  const draft = await FileDraft.create(options.out);
  try {
    const hash = createHash('sha256');
    const target = {
      localPath: draft.localPath,
      write(chunk: Uint8Array) {
        // The system writes on a thread of its own meanwhile.
        const written = draft.write(chunk);
        hash.update(chunk);
        return written;
      },
    };
    const metadataOf = await makeArtifact(source, target, request, watch);
    const sha256 = hash.digest('hex');
    const metadata = metadataOf(sha256);
    await publish(draft, path, metadataPath, metadata, options.force);
    const beside = metadataPath === undefined ? {} : { metadata_path: metadataPath };
    return { file, format, path, size_bytes: draft.sizeBytes, sha256, ...beside, metadata };
  } finally {
    await draft.discard();
  }
}

/** The metadata first: whoever sees the artifact finds them. */
async function publish(
  draft: FileDraft,
  path: string,
  metadataPath: string | undefined,
  metadata: Metadata,
  replace: boolean,
): Promise<void> {
  if (metadataPath === undefined) return name(draft, path, replace);
  const beside = await FileDraft.create(dirname(path));
  try {
    await beside.write(Buffer.from(`${JSON.stringify(metadata, undefined, 2)}\n`));
    await name(beside, metadataPath, replace);
    await name(draft, path, replace).catch(async (error: unknown) => {
      if (!replace) await rm(metadataPath, { force: true });
      throw error;
    });
  } finally {
    await beside.discard();
  }
}

async function name(draft: FileDraft, path: string, replace: boolean): Promise<void> {
  try {
    await draft.publish(path, { replace });
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'EEXIST' ? isTaken(path) : error;
  }
}

async function refuseTaken(path: string | undefined): Promise<void> {
  if (path === undefined) return;
  const exists = await lstat(path).then(
    () => true,
    () => false,
  );
  if (exists) throw isTaken(path);
}

function isTaken(path: string): CommandError {
  return new CommandError(EXIT.files, 'EEXIST', `${path} exists already; --force replaces it.`);
}
