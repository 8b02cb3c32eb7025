import type { ReadOptions } from '@caissa/conversion';
import type { Catalogue, ExportIndex } from '@caissa/registry';
import type { SpareProcess } from '@caissa/session';
import type { ArtifactStore, ModelStore } from '@caissa/storage';

/** What the use cases of the exporter work with. */
export interface ExporterContext {
  readonly models: ModelStore;
  readonly store: ArtifactStore;
  readonly exports: ExportIndex;
  readonly catalogue: Catalogue;
  /** How checkpoints are read; a job may say which of their weights. */
  readonly reading?: ReadOptions;
  /** Exports that are kept after each new one; 0 keeps all. */
  readonly keepRecentExports: number;
  /** Where a process may wait in which the next export is verified. */
  readonly spare?: SpareProcess;
  /** What a model may take to be one file; by default what its format allows. */
  readonly maxFileBytes?: number;
}
