import type { Examination, ReadOptions } from '@caissa/conversion';
import type { SpareProcess } from '@caissa/session';
import type { ExportJobData } from '@caissa/shared/contracts';
import type { Task } from '@caissa/shared/tasks';
import type { ArtifactStore, Manifest, ModelStore } from '@caissa/storage';

/** Which file is to be examined. */
interface ExamineRequest {
  readonly modelName: string;
  /** What to call it in messages. */
  readonly filename: string;
  /** The temporary name of a file that is not a model yet. */
  readonly upload: string | undefined;
}

/** What is to be exported. */
export interface ConvertRequest {
  readonly jobId: string;
  /** What this attempt at the job is called, by the store of artifacts. */
  readonly attempt: string;
  readonly createdAt: Date;
  readonly data: Pick<ExportJobData, 'model_name' | 'format' | 'metadata' | 'weights' | 'options'>;
  /** The state in which an inspection has found the file to be sound, and its digest then. */
  readonly inspected: { readonly identity: string; readonly sha256: string } | undefined;
}

/**
 * The work in which a checkpoint is opened, that is, all that a file made by a stranger can hold up or end. What is wrong
 * with the file is thrown as an AppError with its name.
 */
export interface CheckpointTasks {
  /** Reads all of a checkpoint that matters. */
  readonly examine: Task<ExamineRequest, Examination>;
  /** Makes and publishes an artifact. Nothing is left of one that failed. */
  readonly convert: Task<ConvertRequest, Manifest>;
}

/** What the tasks work with. */
export interface TaskContext {
  readonly models: ModelStore;
  readonly store: ArtifactStore;
  /** How checkpoints are read; an export may say which of their weights. */
  readonly reading?: ReadOptions;
  /** The date that exports state; by default that of their job. */
  readonly sourceDate?: Date | undefined;
  /** Where a process may wait in which the next export is verified. */
  readonly spare?: SpareProcess;
  /** What a model may take to be one file; by default what its format allows. */
  readonly maxFileBytes?: number;
}
