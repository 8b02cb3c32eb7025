import { lstat, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { DraftFile, digestInBackground, type FileSource, temporaryPath } from '@caissa/bytes';
import {
  type ArtifactProgress,
  type ArtifactSource,
  checkWeights,
  makeArtifact,
  openCheckpoint,
  type ReadOptions,
} from '@caissa/conversion';
import { exportFilenames, exportStem, type Format, type JsonObject, toIsoSeconds } from '@caissa/formats';
import type { ExportOptions } from './command-line.js';
import { EXIT } from './exit-codes.js';
import { CommandError } from './failure.js';
import { OutputDraft } from './output-draft.js';

/** A file that was exported, as `--json` shows it. */
export interface Exported {
  readonly file: string;
  readonly format: Format;
  readonly path: string;
  readonly size_bytes: number;
  readonly sha256: string;
  /** The weights of a model that is too large to hold them itself; it opens only beside them. */
  readonly data_path?: string;
  readonly data_size_bytes?: number;
  readonly data_sha256?: string;
  /** Where the format has its metadata beside it. */
  readonly metadata_path?: string;
  readonly metadata: JsonObject;
  /** What was found in the checkpoint and is not carried. */
  readonly warnings: readonly string[];
}

/** How the export of one file is watched and stopped, and when it is. */
export interface ExportWatch {
  readonly signal: AbortSignal;
  readonly now: Date;
  /** What a model may take to be one file; by default what its format allows. */
  readonly maxFileBytes?: number;
  report(progress: ArtifactProgress): void;
}

/** A checkpoint that is open, for all formats that are made of it. */
export interface OpenedFile {
  readonly file: string;
  readonly source: ArtifactSource;
}

/** Opens a checkpoint, looks at its weights, and computes its digest. @throws FormatError; the signal's reason */
export async function openForExport(
  file: string,
  source: FileSource,
  signal: AbortSignal,
  options?: ReadOptions,
): Promise<OpenedFile> {
  const checkpoint = await openCheckpoint(source, options);
  const digest = digestInBackground(source.descriptor, source.sizeBytes);
  const checked = checkWeights(checkpoint, signal);
  // The file stays open until both have ended.
  await Promise.allSettled([digest, checked]);
  await checked;
  const sha256 = await digest;
  return { file, source: { file: source, checkpoint, sha256, weightsChecked: true } };
}

/**
 * Makes one file of a checkpoint, and what belongs beside it: its metadata where the format asks for that, and its
 * weights where they do not fit in. Nothing is left of one that failed.
 * @throws CommandError EEXIST, FormatError, VerificationError, SessionError, SourceChangedError; the signal's reason
 */
export async function exportFile(
  { file, source }: OpenedFile,
  format: Format,
  options: ExportOptions,
  watch: ExportWatch,
): Promise<Exported> {
  const modelName = basename(file, extname(file));
  const filenames = exportFilenames(exportStem(modelName, watch.now), format);
  const path = join(options.out, filenames.artifact);
  const dataPath = join(options.out, filenames.data);
  const metadataPath = filenames.metadata === undefined ? undefined : join(options.out, filenames.metadata);
  // Before the work; what appears meanwhile is not replaced either.
  if (!options.force) for (const taken of [path, dataPath, metadataPath]) await refuseTaken(taken);
  const request = { ...options, modelName, format, exportDate: toIsoSeconds(watch.now) };
  const draft = await OutputDraft.create(options.out);
  try {
    const metadataOf = await makeArtifact(source, draft, request, watch);
    const { file: written, data } = await draft.finish(filenames.data);
    const sha256 = await written.digest();
    const dataSha256 = await data?.digest();
    const metadata = metadataOf(sha256, dataSha256);
    const pairs: [DraftFile, string][] = data ? [[data, dataPath]] : [];
    await publish([...pairs, [written, path]], metadataPath, metadata, options.force);
    return {
      ...{ file, format, path, size_bytes: written.sizeBytes, sha256 },
      ...(data && dataSha256 ? { data_path: dataPath, data_size_bytes: data.sizeBytes, data_sha256: dataSha256 } : {}),
      ...(metadataPath === undefined ? {} : { metadata_path: metadataPath }),
      metadata,
      warnings: source.checkpoint.warnings,
    };
  } finally {
    await draft.discard();
  }
}

/** The artifact comes last: whoever sees it finds its metadata, and its data. */
async function publish(
  files: readonly (readonly [DraftFile, string])[],
  metadataPath: string | undefined,
  metadata: JsonObject,
  replace: boolean,
): Promise<void> {
  if (metadataPath === undefined) return nameAll(files, replace);
  const beside = await DraftFile.create(temporaryPath(dirname(metadataPath)));
  try {
    await beside.rewrite(Buffer.from(`${JSON.stringify(metadata, undefined, 2)}\n`));
    await nameAll([[beside, metadataPath], ...files], replace);
  } finally {
    await beside.abort();
  }
}

/** All or none, unless they replace others. */
async function nameAll(files: readonly (readonly [DraftFile, string])[], replace: boolean): Promise<void> {
  const named: string[] = [];
  try {
    for (const [draft, path] of files) {
      await name(draft, path, replace);
      named.push(path);
    }
  } catch (error) {
    if (!replace) for (const path of named) await rm(path, { force: true });
    throw error;
  }
}

async function name(draft: DraftFile, path: string, replace: boolean): Promise<void> {
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
