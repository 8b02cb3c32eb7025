import type { TaskLimits } from './task.js';

/**
 * What no task comes near to that opens an honest checkpoint. Weights are read in pieces, between which the event loop
 * turns, and all else takes less than a second: thirty are for a machine that does much else. An export takes some 175 MB,
 * and more only if it is verified in full and has layers of a hundred MB.
 */
export const CHECKPOINT_LIMITS: TaskLimits = { silentMs: 30_000, residentBytes: 768e6, heapMib: 384 };
