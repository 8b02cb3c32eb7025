/** The lock of a job, which is held by whoever's token lies under its key. What a script writes can be made to depend on it. */
export interface HeldLock {
  readonly key: string;
  readonly token: string;
}
