/** Whether one place in an event stream is later than another. Source: Redis stream entry ids, `milliseconds-sequence`. */
export function isLater(left: string, right: string): boolean {
  const [leftMs = 0n, leftSequence = 0n] = left.split('-').map(BigInt);
  const [rightMs = 0n, rightSequence = 0n] = right.split('-').map(BigInt);
  return leftMs === rightMs ? leftSequence > rightSequence : leftMs > rightMs;
}
