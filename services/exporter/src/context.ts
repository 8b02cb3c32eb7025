import type { Catalogue, ExportIndex } from '@caissa/registry';
import type { ArtifactStore, ModelStore } from '@caissa/storage';
import type { CheckpointTasks } from './tasks/checkpoint-tasks.js';

/** What the use cases of the exporter work with. */
export interface ExporterContext {
  readonly models: ModelStore;
  readonly store: ArtifactStore;
  readonly exports: ExportIndex;
  readonly catalogue: Catalogue;
  /** Exports that are kept after each new one; 0 keeps all. */
  readonly keepRecentExports: number;
  /** All that opens a checkpoint, here or in processes that can be stopped. */
  readonly tasks: CheckpointTasks;
}
