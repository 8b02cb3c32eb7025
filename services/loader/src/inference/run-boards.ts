import { GRAPH_NAMES } from '@caissa/chess';
import { type Session, SessionError } from '@caissa/session';
import { AppError } from '@caissa/shared/errors';
import { POSITION_FLOATS } from './engine.js';
import type { OutputRows, Piece } from './pending-request.js';

/**
 * Runs a session on `count` positions, `boards` is [count, 14, 8, 8] float32.
 * @throws AppError SESSION_FAILED
 */
export async function runBoards(session: Session, boards: Float32Array, count: number): Promise<OutputRows> {
  try {
    const outputs = await session.run({ [GRAPH_NAMES.input]: { data: boards, shape: [count, 14, 8, 8] } });
    const policy = outputs[GRAPH_NAMES.policy]?.data;
    const value = outputs[GRAPH_NAMES.value]?.data;
    if (policy?.length === count * POSITION_FLOATS.policy && value?.length === count) {
      return { policy, value: value.map(clampValue) };
    }
  } catch (error) {
    if (!(error instanceof SessionError)) throw error;
    throw sessionFailed(`The model could not be run: ${error.message}`, error);
  }
  throw sessionFailed('The model gave outputs of another size than was asked for.');
}

/** A value is from −1 to 1, and onnxruntime's Tanh gives up to 1.0000002. */
function clampValue(value: number): number {
  return Math.min(1, Math.max(-1, value));
}

/** The inputs of a batch, one piece after the other; those of a single piece are not copied. */
export function gatherBoards(pieces: readonly Piece[], size: number): Float32Array {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first.request.boardsOf(first);
  const boards = new Float32Array(size * POSITION_FLOATS.board);
  let at = 0;
  for (const piece of pieces) {
    boards.set(piece.request.boardsOf(piece), at * POSITION_FLOATS.board);
    at += piece.count;
  }
  return boards;
}

/** Rows `[from, from + count)` of outputs, a view. */
export function rowsOf({ policy, value }: OutputRows, from: number, count: number): OutputRows {
  return {
    policy: policy.subarray(from * POSITION_FLOATS.policy, (from + count) * POSITION_FLOATS.policy),
    value: value.subarray(from, from + count),
  };
}

/** The error of a request whose session was lost or could not compute it. */
export function sessionFailed(message: string, cause?: unknown): AppError {
  return new AppError('SESSION_FAILED', message, { retryAfterSeconds: 1, cause });
}
