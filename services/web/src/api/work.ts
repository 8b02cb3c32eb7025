import type { Format, JsonObject } from '@caissa/formats';
import type { ExportOptions, JobAccepted, Removal } from '@caissa/shared/contracts';
import { request } from './client';

/** What is chosen for an export besides model and format. */
export interface ExportChoice {
  readonly metadata: JsonObject;
  readonly options: ExportOptions;
  /** Path of the weights to take, if not the usual ones. */
  readonly weights?: string;
}

/** The page shows progress itself, so it never has the API hold a request. */
const ASYNC = { Prefer: 'respond-async' };

const start = (path: string, body: unknown = {}) =>
  request<JobAccepted>(path, { method: 'POST', body, headers: ASYNC });

/** Starts an export. @throws ApiError */
export const startExport = (format: Format, model: string, choice: ExportChoice) =>
  start(`/api/model/export/${format}/${encodeURIComponent(model)}`, choice);

/** Starts making a model the active one. @throws ApiError */
export const startLoad = (model: string) => start(`/api/model/load/${encodeURIComponent(model)}`);

/** Starts a rollback to what was active before, or to a generation of the journal. @throws ApiError */
export const startRollback = (generation?: number) =>
  start('/api/model/rollback', generation === undefined ? {} : { generation });

/** Starts unloading the active model. @throws ApiError */
export const startUnload = () => start('/api/model/unload');

/** Asks a job to stop. @throws ApiError JOB_FINISHED */
export const cancelJob = (id: string) => request(`/api/jobs/${encodeURIComponent(id)}`, { method: 'DELETE' });

/** Runs a failed job again. @throws ApiError JOB_NOT_FAILED */
export const retryJob = (id: string) =>
  request(`/api/jobs/${encodeURIComponent(id)}/retry`, { method: 'POST', body: {} });

/** Removes an export with its metadata file. @throws ApiError EXPORT_NOT_FOUND */
export const deleteExport = (filename: string) =>
  request<Removal>(`/api/model/exports/${encodeURIComponent(filename)}`, { method: 'DELETE' });

/** Removes all but the newest exports, or says what would be removed. @throws ApiError */
export const cleanUpExports = (keepRecent: number, dryRun: boolean) =>
  request<Removal>('/api/model/exports/cleanup', {
    method: 'POST',
    body: { keep_recent: keepRecent, dry_run: dryRun },
  });
