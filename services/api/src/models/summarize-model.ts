import { UNKNOWN } from '@caissa/formats';
import type { Activation, CatalogueEntry } from '@caissa/registry';
import { type ModelSummary, toMebibytes } from '@caissa/shared/contracts';
import type { ModelFile } from '@caissa/storage';

/** What the file system, the catalogue and the active pointer say of one model, put together. */
export function summarizeModel(
  file: ModelFile,
  known: CatalogueEntry | undefined,
  activation: Activation | undefined,
): ModelSummary {
  // What was found in another state of the file says nothing about this one.
  const entry = known?.identity === file.identity ? known : undefined;
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
    architecture: entry?.architecture ?? null,
    warnings_count: entry?.warnings.length ?? 0,
    ...(entry?.problem ? { problem: entry.problem } : {}),
  };
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
