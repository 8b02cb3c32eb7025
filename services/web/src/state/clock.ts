/** The header has whole seconds, and an answer takes a while: less than this says nothing about the clocks. */
const NOTICED_MS = 3_000;

let aheadMs = 0;

/** Notes the time of the API, as the `Date` header of an answer has it, which came at `nowMs` by this machine's clock. */
export function noteServerTime(header: string | null, nowMs = Date.now()): void {
  const serverMs = Date.parse(header ?? '');
  if (Number.isNaN(serverMs)) return;
  const difference = serverMs - nowMs;
  aheadMs = Math.abs(difference) < NOTICED_MS ? 0 : difference;
}

/**
 * The time of now by the clock of the API, in milliseconds. What happened is told in its time: with a clock of this
 * machine that is wrong by minutes, a job that has just begun would have been at work for minutes.
 */
export function serverNow(nowMs = Date.now()): number {
  return nowMs + aheadMs;
}
