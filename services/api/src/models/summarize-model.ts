import { describeMisfit, type ExpectedArchitecture } from '@caissa/chess';
import { UNKNOWN } from '@caissa/formats';
import type { Activation, CatalogueEntry } from '@caissa/registry';
import { type ModelSummary, toMebibytes } from '@caissa/shared/contracts';
import { type Problem, toProblem } from '@caissa/shared/errors';
import type { ListedFile } from './observed-files.js';

/** What decides whether a model is active, and whether it may be. */
export interface Standing {
  readonly activation: Activation | undefined;
  readonly expected: ExpectedArchitecture;
}

/** What the file system, the catalogue and the active pointer say of one model, put together. */
export function summarizeModel(
  file: ListedFile,
  known: CatalogueEntry | undefined,
  { activation, expected }: Standing,
): ModelSummary {
  // What was found in another state of the file says nothing about this one.
  const entry = known?.identity === file.identity ? known : undefined;
  const deployProblem = entry && problemOfDeployment(entry, expected);
  return {
    name: file.name,
    filename: file.filename,
    version: entry?.version ?? versionInName(file.name) ?? UNKNOWN,
    training_date: entry?.training_date ?? UNKNOWN,
    file_size_mb: toMebibytes(file.sizeBytes),
    metadata: entry?.metadata ?? {},
    is_current: isCurrent(file.name, entry?.sha256 ?? null, activation),
    size_bytes: file.sizeBytes,
    status: entry?.status ?? 'inspecting',
    ...(entry === undefined && file.isBeingWritten ? { being_written: true } : {}),
    architecture: entry?.architecture ?? null,
    deployable: entry?.status === 'ready' && deployProblem === undefined,
    ...(deployProblem ? { deploy_problem: deployProblem } : {}),
    warnings_count: entry?.warnings.length ?? 0,
    ...(entry?.problem ? { problem: entry.problem } : {}),
  };
}

/** Why a loader would refuse a network that can be read; undefined if it would not. */
export function problemOfDeployment(
  { architecture }: CatalogueEntry,
  expected: ExpectedArchitecture,
): Problem | undefined {
  if (architecture === null) return undefined;
  const { num_channels: channels, num_res_blocks: blocks } = architecture;
  const message = describeMisfit({ channels, blocks }, expected);
  return message === undefined ? undefined : toProblem({ code: 'ARCHITECTURE_MISMATCH', message, errors: undefined });
}

/** `model_v3` is version 3, also before it was inspected or if its metadata does not say. */
function versionInName(name: string): number | undefined {
  const digits = /_v(\d{1,9})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** A file that was replaced since it was activated is another model of the same name. */
function isCurrent(name: string, sha256: string | null, activation: Activation | undefined): boolean {
  if (activation?.pointer.model_name !== name) return false;
  return sha256 === null || sha256 === activation.pointer.source_sha256;
}
