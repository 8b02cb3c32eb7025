/** How requests are gathered. */
export interface BatchSettings {
  /** Positions that are computed together at most. */
  readonly maxBatch: number;
  /** How long a request waits for others at most while nothing is computed, in milliseconds. */
  readonly maxDelayMs: number;
  /** Positions that may wait; more are refused. */
  readonly maxQueuedPositions: number;
}

/** What the decision to send a batch depends on; times in milliseconds as `performance.now()` counts. */
export interface BatchSituation {
  readonly nowMs: number;
  readonly queuedPositions: number;
  readonly queuedRequests: number;
  /** When the first of the waiting requests came. */
  readonly oldestMs: number;
  /** Runs that the session has been given, and their positions. */
  readonly runsInFlight: number;
  readonly positionsInFlight: number;
  /** When the run in progress should end, and how long it should take in all. */
  readonly expectedEndMs: number;
  readonly expectedRunMs: number;
  /** When the last run ended, and how many requests should be there when everybody who was answered then has asked again. */
  readonly idleSinceMs: number;
  readonly expectedRequests: number;
}

/** Runs that the session is given at once: one that it computes, and one that it finds there when it is done. */
const MAX_RUNS_IN_FLIGHT = 2;

/**
 * From this size on positions are computed about as fast as in a full batch, so that two batches in turn, which leave no
 * pause between them, are better than one of twice the size.
 */
const EFFICIENT_BATCH = 16;

/** Part of a run's expected time by which the next batch is sent before its end; expectations are not exact. */
const LEAD = 0.1;

/**
 * In how many milliseconds the next batch is to be sent: 0 for now, Infinity for not before something happens.
 *
 * Nothing is computed: a caller who is alone does not wait. When the last run answered several, those who were answered
 * are likely to ask again at once, and they are waited for, no longer than the delay. Something is computed: waiting
 * costs nothing until it is about to end, and makes the next batch larger. A small batch waits for the end itself, since
 * those who are answered then may join it.
 */
export function waitForBatch(situation: BatchSituation, { maxBatch, maxDelayMs }: BatchSettings): number {
  const { nowMs, queuedPositions, runsInFlight } = situation;
  if (queuedPositions === 0 || runsInFlight >= MAX_RUNS_IN_FLIGHT) return Number.POSITIVE_INFINITY;
  if (queuedPositions >= maxBatch) return 0;
  if (runsInFlight === 0) return waitWhileIdle(situation, maxDelayMs);
  if (queuedPositions < Math.min(EFFICIENT_BATCH, maxBatch)) return Number.POSITIVE_INFINITY;
  const leadMs = situation.expectedRunMs * LEAD + maxDelayMs;
  return Math.max(0, situation.expectedEndMs - leadMs - nowMs);
}

function waitWhileIdle(situation: BatchSituation, maxDelayMs: number): number {
  const { nowMs, oldestMs, idleSinceMs, queuedRequests, expectedRequests } = situation;
  const cameBack = oldestMs - idleSinceMs < maxDelayMs;
  if (queuedRequests >= expectedRequests || !cameBack) return 0;
  return Math.max(0, Math.max(oldestMs, idleSinceMs) + maxDelayMs - nowMs);
}

/** How many positions the next batch should hold: half of all there are, so that two batches of one size take turns. */
export function wantedSize(
  { queuedPositions, positionsInFlight }: Pick<BatchSituation, 'queuedPositions' | 'positionsInFlight'>,
  maxBatch: number,
): number {
  const half = Math.ceil((queuedPositions + positionsInFlight) / 2);
  return Math.min(maxBatch, Math.max(EFFICIENT_BATCH, half));
}
