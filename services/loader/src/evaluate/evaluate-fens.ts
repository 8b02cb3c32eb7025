import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { NotationError } from '@caissa/chess';
import type { EvaluateRequest, Evaluation } from '@caissa/shared/contracts';
import { AppError, type FieldError } from '@caissa/shared/errors';
import { ERRORS_SHOWN } from '@caissa/shared/http';
import { ACTIVE, type InferenceEngine, notOpenYet, POSITION_FLOATS, type ServingModel } from '../inference/engine.js';
import { rankMoves } from './rank-moves.js';
import { type ReadPosition, readPosition } from './read-position.js';

/** Reading a position takes about a millisecond; others are served in between. */
const POSITIONS_AT_ONCE = 4;

/**
 * What a model thinks of positions. One that is named and not open is opened.
 * @throws AppError INVALID_POSITION, NO_ACTIVE_MODEL, NO_READY_REPLICA, MODEL_NOT_FOUND, OVERLOADED, SESSION_FAILED
 */
export async function evaluateFens(
  engine: InferenceEngine,
  { fen, fens = fen === undefined ? [] : [fen], top, model: name }: EvaluateRequest,
  signal: AbortSignal,
): Promise<Evaluation[]> {
  const positions = await readPositions(fens, (index) => (fen === undefined ? `/fens/${index}` : '/fen'));
  const boards = new Float32Array(positions.length * POSITION_FLOATS.board);
  positions.forEach(({ board }, index) => {
    boards.set(board, index * POSITION_FLOATS.board);
  });
  const model = await modelNamed(engine, name);
  const { policy, value, generation } = await model.infer(boards, positions.length, signal);
  return positions.map(({ state, moves }, index) => {
    const row = policy.subarray(index * POSITION_FLOATS.policy, (index + 1) * POSITION_FLOATS.policy);
    return {
      fen: fens[index] ?? '',
      state,
      value: value[index] ?? Number.NaN,
      moves: rankMoves(row, moves).slice(0, top),
      legal_moves: moves.length,
      model_name: model.name,
      generation,
    };
  });
}

async function modelNamed(engine: InferenceEngine, name = ACTIVE): Promise<ServingModel> {
  const open = engine.find(name);
  if (open !== undefined) return open;
  if (engine.isAwaited(name)) throw notOpenYet(name);
  if (name !== ACTIVE) return engine.load(name);
  throw new AppError('NO_ACTIVE_MODEL', 'No model is active. Load one, or name the model to ask.');
}

/** @throws AppError INVALID_POSITION that names every bad one, up to a limit */
async function readPositions(
  fens: readonly string[],
  pointerTo: (index: number) => string,
): Promise<readonly ReadPosition[]> {
  const positions: ReadPosition[] = [];
  const errors: FieldError[] = [];
  for (const [index, fen] of fens.entries()) {
    if (index > 0 && index % POSITIONS_AT_ONCE === 0) await yieldToOthers();
    try {
      positions.push(readPosition(fen));
    } catch (error) {
      if (!(error instanceof NotationError)) throw error;
      errors.push({ pointer: pointerTo(index), detail: error.message });
    }
  }
  const [first] = errors;
  if (first === undefined) return positions;
  throw new AppError('INVALID_POSITION', `${first.pointer}: ${first.detail}`, {
    errors: errors.slice(0, ERRORS_SHOWN),
  });
}
