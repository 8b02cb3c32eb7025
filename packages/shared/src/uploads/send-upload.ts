/** How often an upload is tried again without a byte of progress: for about five minutes. */
const ATTEMPTS = 14;

const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** Answers of the API, and of proxies before it, after which the rest of an upload is worth sending. */
const TRANSIENT_STATUS = new Set([0, 408, 423, 502, 503, 504]);
const TRANSIENT_CODES = new Set(['UPLOAD_OFFSET', 'RATE_LIMITED']);

/** An upload that the API knows. */
export interface BegunUpload {
  /** Where pieces are sent to. */
  readonly address: string;
  /** Where the next one begins. */
  readonly keptBytes: number;
}

/** How a client speaks to the API. What fails is thrown with the `status` of the answer, 0 for none, and the `code` of its problem. */
export interface UploadTransport<Result> {
  /** Begins the upload, or finds it again. */
  begin(): Promise<BegunUpload>;
  /** Asks where the next piece begins. */
  ask(address: string): Promise<number>;
  /** Sends all from `offset` on. */
  send(address: string, offset: number): Promise<Result>;
  /** Waits before another try, and may end the waiting by throwing. It is told what the last try failed with. */
  pause(ms: number, error: unknown): Promise<void>;
}

/** Sends a file, and goes on where it was cut. @throws what the last try failed with */
export async function sendUpload<Result>({ begin, ask, send, pause }: UploadTransport<Result>): Promise<Result> {
  let begun: BegunUpload | undefined;
  let furthestBytes = -1;
  for (let failures = 0; ; ) {
    try {
      begun = begun === undefined ? await begin() : { ...begun, keptBytes: await ask(begun.address) };
      if (begun.keptBytes > furthestBytes) failures = 0;
      furthestBytes = begun.keptBytes;
      return await send(begun.address, begun.keptBytes);
    } catch (error) {
      // What could not even be begun is told at once: the address may be wrong.
      if (furthestBytes < 0) throw error;
      const isLost = begun !== undefined && codeOf(error) === 'UPLOAD_NOT_FOUND';
      if (++failures > ATTEMPTS || !(isLost || isTransient(error))) throw error;
      if (isLost) begun = undefined;
      await pause(Math.min(SHORTEST_PAUSE_MS * 2 ** (failures - 1), LONGEST_PAUSE_MS), error);
    }
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}

function isTransient(error: unknown): boolean {
  const code = codeOf(error);
  if (code === 'WORKERS_BUSY' || code === 'CANCELLED') return false;
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return TRANSIENT_CODES.has(String(code)) || TRANSIENT_STATUS.has(Number(status ?? Number.NaN));
}
