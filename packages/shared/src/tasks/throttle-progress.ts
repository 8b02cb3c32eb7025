import type { JobProgress } from '../contracts/index.js';

/** As often as anybody looks. */
const INTERVAL_MS = 100;

/** Passes each stage on when it begins, and what is reported within it now and then. */
export function throttleProgress(report: (progress: JobProgress) => void): (progress: JobProgress) => void {
  let stage: JobProgress['stage'] | undefined;
  let dueMs = 0;
  return (progress) => {
    const nowMs = performance.now();
    if (progress.stage === stage && nowMs < dueMs) return;
    stage = progress.stage;
    dueMs = nowMs + INTERVAL_MS;
    report(progress);
  };
}
