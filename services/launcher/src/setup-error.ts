/** Something on this machine or in its configuration keeps the system from starting; the message says what to do. */
export class SetupError extends Error {
  override readonly name = 'SetupError';
}
