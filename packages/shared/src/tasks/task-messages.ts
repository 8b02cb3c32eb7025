import type { JobProgress } from '../contracts/index.js';
import type { ThrownData } from './thrown-data.js';

/** How often a process says that its event loop turns, while it performs a task. */
export const SIGN_OF_LIFE_MS = 250;

/** From the parent to the process, which performs one task at a time. */
export type TaskOrder =
  | { readonly type: 'perform'; readonly task: string; readonly request: unknown }
  | { readonly type: 'abort' }
  | Confirmation;

/** The answer to `confirm`, by the number of the question. */
export interface Confirmation {
  readonly type: 'confirmed';
  readonly question: number;
  /** Why the task may not take effect. */
  readonly refusal: ThrownData | undefined;
}

/** How a task ended. */
export type TaskOutcome =
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly thrown: ThrownData };

/** From the process to the parent. */
export type TaskReply =
  | { readonly type: 'alive' }
  | { readonly type: 'progress'; readonly progress: JobProgress }
  | { readonly type: 'confirm'; readonly question: number }
  | TaskOutcome;
