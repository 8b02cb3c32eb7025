import type { ExportResult, JobView, ModelSummary } from '@caissa/shared/contracts';
import { formatTime } from '../format/date';
import { formatCount, formatSize, plural } from '../format/number';

/** A name and its value. */
type Row = readonly [name: string, value: string];

/** What an export that succeeded made; undefined of any other job. */
export function exportedFile({ result }: JobView): ExportResult | undefined {
  return result !== undefined && 'filename' in result ? result : undefined;
}

/** One line on the outcome of a job that made no file and did not fail; undefined while it runs. */
export function outcomeWords({ status, result }: JobView): string | undefined {
  return status === 'cancelled' ? 'Stopped on request' : result?.message;
}

/**
 * Whether a failed job may succeed if it is tried again: what it works on is there, and nothing is known that would make
 * it fail again.
 * @param model the model that it is about, as it is now
 */
export function canHelpToRetry(
  { type, kind, retryable }: JobView,
  model: Pick<ModelSummary, 'status' | 'deploy_problem'> | undefined,
): boolean {
  if (!retryable) return false;
  if (kind === 'rollback' || kind === 'unload') return true;
  if (type === 'inspect') return model !== undefined;
  if (model === undefined || model.status === 'unreadable') return false;
  return type === 'export' || model.deploy_problem === undefined;
}

/** What is known of a job's result, in words. */
export function resultRows({ result }: JobView): Row[] {
  if (result === undefined) return [];
  if ('filename' in result) return exportRows(result);
  if ('generation' in result) return activationRows(result);
  return [['Outcome', result.message]];
}

/** What is known of why a job failed, besides the sentence that says so. */
export function problemRows({ error }: JobView): Row[] {
  if (error === undefined) return [];
  const request = error.request_id === undefined ? [] : [['Request', error.request_id] as const];
  return [['Problem', error.title], ['Code', error.code], ...request];
}

type Result = NonNullable<JobView['result']>;

function exportRows(result: ExportResult): Row[] {
  const bytes = result.size_bytes + (result.data_size_bytes ?? 0);
  return [
    ['File', result.filename],
    ...(result.data_filename ? [['Weights', result.data_filename] as const] : []),
    ...(result.metadata_filename ? [['Metadata file', result.metadata_filename] as const] : []),
    ['Size', `${formatSize(bytes)} (${formatCount(bytes)} bytes)`],
    ['SHA-256', result.sha256],
  ];
}

function activationRows(result: Extract<Result, { generation: number }>): Row[] {
  const { ready, total } = result.replicas;
  return [
    ['Outcome', result.message],
    ['Generation', formatCount(result.generation)],
    ['Replicas', `${ready} of ${plural(total, 'replica')} ready`],
    ...('device' in result ? ([['Device', result.device]] as const) : []),
    ...('load_date' in result
      ? ([['Active since', formatTime(result.load_date)]] as const)
      : ([['Unloaded', formatTime(result.unload_date)]] as const)),
  ];
}
