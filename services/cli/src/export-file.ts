import { basename, dirname, join } from 'node:path';
import { DraftFile, digestInBackground, type FileSource, temporaryPath } from '@caissa/bytes';
import {
  type ArtifactProgress,
  type ArtifactSource,
  checkWeights,
  makeArtifact,
  openCheckpoint,
  type ReadOptions,
} from '@caissa/conversion';
import {
  checkpointStem,
  type ExportFilenames,
  exportFilenames,
  exportStem,
  type Format,
  type JsonObject,
  numberedStem,
  toIsoSeconds,
} from '@caissa/formats';
import type { ExportOptions } from './command-line.js';
import { OutputDraft } from './output-draft.js';
import { type NamedDraft, publishFiles, refuseTaken, replaceFiles } from './publish-files.js';

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

/** How the export of one file is watched and stopped. */
export interface ExportWatch {
  readonly signal: AbortSignal;
  /** Which of the files of one name in this run it is, from 1, which is the default. */
  readonly number?: number;
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

/** The name that the exports of a file begin with. */
export function exportedName(file: string): string {
  return checkpointStem(basename(file));
}

/** Where the files of an export go. */
interface ExportPaths {
  readonly path: string;
  readonly dataPath: string;
  readonly metadataPath: string | undefined;
  /** All of them, that of the artifact first. */
  readonly all: readonly string[];
}

function pathsOf(folder: string, { artifact, data, metadata }: ExportFilenames): ExportPaths {
  const [path, dataPath] = [join(folder, artifact), join(folder, data)];
  const metadataPath = metadata === undefined ? undefined : join(folder, metadata);
  return { path, dataPath, metadataPath, all: [path, dataPath, ...(metadataPath === undefined ? [] : [metadataPath])] };
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
  const modelName = exportedName(file);
  const { sourceDateEpoch: date } = options;
  const filenames = exportFilenames(numberedStem(exportStem(modelName, date), watch.number ?? 1), format);
  const paths = pathsOf(options.out, filenames);
  const { path, dataPath, metadataPath, all } = paths;
  // Before the work; what appears meanwhile is not replaced either.
  if (!options.force) for (const taken of all) await refuseTaken(taken);
  const request = { ...options, modelName, format, exportDate: toIsoSeconds(date) };
  const draft = await OutputDraft.create(options.out);
  try {
    const metadataOf = await makeArtifact(source, draft, request, watch);
    const { file: written, data } = await draft.finish(filenames.data);
    const sha256 = await written.digest();
    const dataSha256 = await data?.digest();
    const metadata = metadataOf(sha256, dataSha256);
    const beside = data ? [{ draft: data, path: dataPath }] : [];
    await publish([...beside, { draft: written, path }], paths, metadata, options.force);
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

/** Publishes what is written, and the metadata where it stands beside the artifact. */
async function publish(
  files: readonly NamedDraft[],
  { metadataPath, all: before }: ExportPaths,
  metadata: JsonObject,
  replace: boolean,
): Promise<void> {
  const name = (all: readonly NamedDraft[]) => (replace ? replaceFiles(all, before) : publishFiles(all));
  if (metadataPath === undefined) return name(files);
  const beside = await DraftFile.create(temporaryPath(dirname(metadataPath)));
  try {
    await beside.rewrite(Buffer.from(`${JSON.stringify(metadata, undefined, 2)}\n`));
    await name([{ draft: beside, path: metadataPath }, ...files]);
  } finally {
    await beside.abort();
  }
}
