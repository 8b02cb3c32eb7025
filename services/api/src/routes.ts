import { listActivationsRoute } from './activation/list-activations.js';
import { loadModelRoute } from './activation/load-model.js';
import { rollBackRoute } from './activation/roll-back.js';
import { showCurrentRoute } from './activation/show-current.js';
import { showDeviceRoute } from './activation/show-device.js';
import { unloadModelRoute } from './activation/unload-model.js';
import { cleanUpExportsRoute } from './exports/clean-up-exports.js';
import { createExportRoute } from './exports/create-export.js';
import { deleteExportRoute } from './exports/delete-export.js';
import { downloadExportRoute, headExportRoute } from './exports/download-export.js';
import { listExportsRoute } from './exports/list-exports.js';
import type { Route } from './http/route.js';
import { evaluatePositionsRoute } from './inference/evaluate-positions.js';
import { cancelJobRoute } from './jobs/cancel-job.js';
import { listJobsRoute } from './jobs/list-jobs.js';
import { retryJobRoute } from './jobs/retry-job.js';
import { showJobRoute } from './jobs/show-job.js';
import { streamAllEventsRoute } from './jobs/stream-all-events.js';
import { streamJobEventsRoute } from './jobs/stream-job-events.js';
import { appendUploadRoute } from './models/append-upload.js';
import { beginUploadRoute } from './models/begin-upload.js';
import { dropUploadRoute } from './models/drop-upload.js';
import { listModelsRoute } from './models/list-models.js';
import { showModelRoute } from './models/show-model.js';
import { showUploadRoute } from './models/show-upload.js';
import { uploadModelRoute } from './models/upload-model.js';

/**
 * Every route of the API. `HEAD` comes before the `GET` of its path, which would handle it too, and a path before one
 * with a parameter that would match it.
 */
export const ROUTES: readonly Route[] = [
  listModelsRoute,
  showModelRoute,
  uploadModelRoute,
  beginUploadRoute,
  showUploadRoute,
  appendUploadRoute,
  dropUploadRoute,
  createExportRoute,
  headExportRoute,
  downloadExportRoute,
  listExportsRoute,
  cleanUpExportsRoute,
  deleteExportRoute,
  loadModelRoute,
  unloadModelRoute,
  rollBackRoute,
  listActivationsRoute,
  showCurrentRoute,
  showDeviceRoute,
  evaluatePositionsRoute,
  listJobsRoute,
  streamAllEventsRoute,
  showJobRoute,
  streamJobEventsRoute,
  cancelJobRoute,
  retryJobRoute,
];
