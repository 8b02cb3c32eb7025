/** The header has whole seconds, and a reply takes a while: less than this says nothing about the clocks. */
const NOTICED_MS = 3_000;

let aheadMs = 0;

/** Notes the API's time from the `Date` header of a reply that came at `nowMs` by this machine's clock. */
export function noteServerTime(header: string | null, nowMs = Date.now()): void {
  const serverMs = Date.parse(header ?? '');
  if (Number.isNaN(serverMs)) return;
  const difference = serverMs - nowMs;
  aheadMs = Math.abs(difference) < NOTICED_MS ? 0 : difference;
}

/**
 * The current time by the API's clock, in milliseconds. The API reports times by that clock: if this machine's clock
 * were minutes off, a job that has just begun would seem to have run for minutes.
 */
export function serverNow(nowMs = Date.now()): number {
  return nowMs + aheadMs;
}
