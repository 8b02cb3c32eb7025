export type { ActivationOrder } from './active-model.js';
export {
  type Activation,
  type ActivePointer,
  activate,
  activationState,
  deactivate,
  keptFactsSchema,
  type ModelFacts,
  NEVER_ACTIVE,
  type PointerMove,
  type PointerState,
  pointerStateSchema,
  readActivation,
  readPointer,
  restorePointer,
  superseded,
} from './active-model.js';
export { Catalogue, type CatalogueEntry, type WritingOutcome } from './catalogue.js';
export { type Completeness, ExportIndex, type ListedExport, readExportMetadata } from './export-index.js';
export {
  countReplicas,
  HEARTBEAT_INTERVAL_MS,
  type Heartbeat,
  type HeartbeatReport,
  hasReached,
  readHeartbeats,
  removeHeartbeat,
  type SessionState,
  sendHeartbeat,
} from './heartbeat.js';
export type { HeldLock } from './held-lock.js';
export {
  findActivationEntry,
  indexActivations,
  JOURNAL_LIMIT,
  listActivations,
  readActivationEntry,
} from './journal-index.js';
export { noteRefusedActivation, takeRefusedActivations } from './refused-activations.js';
export { removeExports } from './remove-exports.js';
export { announceTurn, endTurn, isOvertaken, takeTurn } from './turns.js';
export {
  type HeldUpload,
  type PiecewiseUpload,
  UploadRegister,
  uploadNotFound,
} from './upload-register.js';
