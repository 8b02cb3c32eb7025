import { INTERFACE_CARD, MOVE_SHARE } from '@caissa/chess/interface-card';
import { z } from 'zod';
import { modelNameSchema } from './names.js';

/** Positions that one request may ask about. */
export const EVALUATE_LIMIT = 256;

/** Room for as many positions of the longest form, and for what stands around them. */
export const EVALUATE_BODY_LIMIT_BYTES = 256 << 10;

/** Most legal moves that any position of chess has. */
const MOVES_LIMIT = 218;

const fenSchema = z.string().min(1).max(200).meta({
  id: 'Fen',
  description: 'A position in Forsyth–Edwards notation or Shredder-FEN; the two counters at its end may be left out.',
  example: 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1',
});

/** Body of `POST /api/model/evaluate`. */
export const evaluateRequestSchema = z
  .strictObject({
    fen: fenSchema.optional(),
    fens: z.array(fenSchema).min(1).max(EVALUATE_LIMIT).optional(),
    top: z.int().min(1).max(MOVES_LIMIT).default(5).describe('Moves to list for each position, the best first.'),
    model: modelNameSchema.optional().describe('The model to ask; by default the active one.'),
  })
  .refine(({ fen, fens }) => (fen === undefined) !== (fens === undefined), 'must have either fen or fens')
  .meta({ id: 'EvaluateRequest' });

export type EvaluateRequest = z.infer<typeof evaluateRequestSchema>;

/** A legal move with its share of the policy. */
export const evaluatedMoveSchema = z
  .object({
    uci: z.string().describe('From, to, and the piece of a promotion: `e2e4`, `e1g1`, `e7e8q`.'),
    san: z.string(),
    probability: z.number().describe(MOVE_SHARE),
  })
  .meta({ id: 'EvaluatedMove' });

export type EvaluatedMove = z.infer<typeof evaluatedMoveSchema>;

/** Whether and how the game is over; `draw` by the fifty-move rule or because neither side can mate. */
export const positionStateSchema = z
  .enum(['normal', 'check', 'checkmate', 'stalemate', 'draw'])
  .meta({ id: 'PositionState' });

export type PositionState = z.infer<typeof positionStateSchema>;

/** What the network thinks of one position. */
export const evaluationSchema = z
  .object({
    fen: z.string().describe('As it was sent.'),
    state: positionStateSchema,
    value: z.number().describe(INTERFACE_CARD.value),
    moves: z.array(evaluatedMoveSchema).describe('Legal moves, the most probable first; none after mate or stalemate.'),
    legal_moves: z.int().nonnegative().describe('Legal moves in all, promotions to each piece counted.'),
    model_name: modelNameSchema,
    generation: z.int().nullable().describe('The activation whose model answered; null for another than the active.'),
  })
  .meta({ id: 'Evaluation' });

export type Evaluation = z.infer<typeof evaluationSchema>;

/** Answer of `POST /api/model/evaluate`: one evaluation for each position, in their order. */
export const evaluateResultSchema = z
  .object({ success: z.literal(true), positions: z.array(evaluationSchema) })
  .meta({ id: 'EvaluateResult' });
