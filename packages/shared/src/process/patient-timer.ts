/**
 * Calls `act` after `ms` unless it is cancelled before, by calling what this returns. When a process was busy for so long,
 * answers may have come that it has not read yet; they have their turn first.
 */
export function startPatientTimer(ms: number, act: () => void): () => void {
  let turn: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => {
    turn = setImmediate(act);
  }, ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}
