import type { JobsContext, JobWatcher, Tracing } from '@caissa/queue';
import { REDIS_SETTINGS, type RedisWatch } from '@caissa/redis';
import type { ExportIndex, UploadRegister } from '@caissa/registry';
import type { Conditions, Logger } from '@caissa/shared/process';
import type { SettingName, SettingValue } from '@caissa/shared/settings';
import { type ArtifactStore, type ModelStore, OBJECT_STORE_SETTINGS } from '@caissa/storage';
import type { ExportReconciler } from './exports/reconcile-exports.js';
import type { OpenRequests } from './http/open-requests.js';
import type { Forwarder } from './inference/forwarder.js';
import type { ReplicaDirectory } from './inference/replica-directory.js';
import type { ModelDetails } from './models/model-details.js';
import type { ModelSources } from './models/model-folder.js';
import type { ModelList } from './models/model-list.js';

/** The settings that the API reads. */
export const API_SETTINGS = [
  'PORT',
  'HOST',
  ...REDIS_SETTINGS,
  'DATA_DIR',
  'LOG_LEVEL',
  'DEFAULT_WAIT_SECONDS',
  'MAX_UPLOAD_MB',
  'API_KEYS',
  'API_KEYS_FILE',
  'ALLOW_ANONYMOUS',
  'CORS_ORIGINS',
  'KEEP_JOBS',
  'BASE_PATH',
  'TRUSTED_PROXIES',
  'RATE_LIMIT_PER_MINUTE',
  'MAX_EVENT_STREAMS',
  'MAX_CONNECTIONS_PER_ADDRESS',
  'WATCH_POLLING',
  'SHUTDOWN_GRACE_SECONDS',
  ...OBJECT_STORE_SETTINGS,
] as const satisfies readonly SettingName[];

/** The values of {@link API_SETTINGS}. */
export type ApiSettings = { readonly [P in (typeof API_SETTINGS)[number]]: SettingValue<P> };

/** Everything that a route handler may use. */
export interface ApiContext extends ModelSources {
  readonly settings: ApiSettings;
  readonly logger: Logger;
  readonly conditions: Conditions;
  readonly jobs: JobsContext;
  readonly redisWatch: RedisWatch;
  readonly watcher: JobWatcher;
  readonly store: ArtifactStore;
  readonly exports: ExportIndex;
  readonly exportReconciler: ExportReconciler;
  readonly modelStore: ModelStore;
  readonly uploads: UploadRegister;
  readonly modelList: ModelList;
  readonly modelDetails: ModelDetails;
  readonly replicas: ReplicaDirectory;
  readonly forwarder: Forwarder;
  readonly requests: OpenRequests;
  readonly tracing?: Tracing | undefined;
  /** Aborted when the process begins to stop: held requests and streams end then. */
  readonly stopping: AbortSignal;
}
