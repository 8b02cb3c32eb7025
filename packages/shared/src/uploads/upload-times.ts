/** Nothing of an answer, and nothing that can be sent, for this long: the line is dead though nobody has ended it. */
export const SILENCE_MS = 60_000;

/** Large uploads wait longer by their size at this rate: a worker may have to fetch them first. */
const CHECKED_BYTES_PER_MS = 20_000;

/** How long an upload waits for a worker to inspect it, in milliseconds. */
export function checkTimeoutMs(sizeBytes: number): number {
  return 60_000 + sizeBytes / CHECKED_BYTES_PER_MS;
}

/** How long who has sent all waits for the answer, in milliseconds: its digest and a copy may take as long as the check. */
export function answerTimeoutMs(sizeBytes: number): number {
  return SILENCE_MS + 2 * checkTimeoutMs(sizeBytes);
}
