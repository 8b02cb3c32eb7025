export { newAttempt } from './artifacts/artifact-names.js';
export type {
  ArtifactDraft,
  ArtifactName,
  ArtifactStore,
  Confirm,
  ManifestDraft,
  StoredFile,
} from './artifacts/artifact-store.js';
export { readFolderClock } from './artifacts/folder-clock.js';
export { LocalArtifactStore } from './artifacts/local-artifact-store.js';
export {
  type FileOfExport,
  filesOf,
  type Manifest,
  manifestSchema,
  toExportResult,
  toExportSummary,
} from './artifacts/manifest.js';
export { openArtifactStore } from './artifacts/open-artifact-store.js';
export { LocalModelStore } from './models/local-model-store.js';
export type { CheckpointFile, ModelFile } from './models/model-file.js';
export type { LeftOut, ModelSource, ModelStore, ReceivedUpload, UploadPiece } from './models/model-store.js';
export { type ModelNames, nameModels } from './models/name-models.js';
export { openModelStore } from './models/open-model-store.js';
export { modelExists, newUploadName, UPLOAD_ID, UPLOAD_PREFIX, uploadTooLarge } from './models/upload.js';
export type { ObjectStore } from './object-store/object-store.js';
export { openObjectStore } from './object-store/open-object-store.js';
export { PartSender } from './object-store/part-sender.js';
export { OBJECT_STORE_SETTINGS, type ObjectStoreSettings } from './object-store/s3-client.js';
export { identifyStore } from './store-identity.js';
export { watchStore } from './store-watch.js';
