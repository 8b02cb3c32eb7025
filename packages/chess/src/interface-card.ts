/**
 * What the numbers mean that a network of the family takes and gives. The contract, the written models, the page and the
 * documents say it with these sentences.
 */
export const INTERFACE_CARD = {
  board:
    'Planes [plane][rank][file], counted from a1, 1 where a piece stands: planes 0 to 5 are P N B R Q K of White, 6 to 11 ' +
    'of Black; plane 12 is all 1 if White is to move, else 0; plane 13 is all 0.25 times the number of castling rights left.',
  policy:
    'Log-probabilities over all pairs of squares, index 64 * from + to with a1 = 0, b1 = 1, ..., h8 = 63; the four ' +
    'promotions of a pawn share the index of its squares. Moves that are not legal are not masked: leave them out and ' +
    'normalise over the legal ones.',
  value:
    'The value runs from -1 to 1, from the point of view of the side to move: 1 means that it wins, -1 that it loses.',
} as const;

/** What the probability of a legal move is. */
export const MOVE_SHARE =
  'Probabilities are shares among the legal moves and sum up to 1. The four promotions of a pawn share one entry of the policy, and each ' +
  'counts with all of it, as in the training program.';
