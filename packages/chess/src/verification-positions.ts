/**
 * Positions that exercise all of the input: every kind of piece, both sides to move, all, some and no castling
 * rights, full and nearly empty boards, pawns about to promote.
 */
export const VERIFICATION_POSITIONS: readonly string[] = [
  // The first position of a game
  'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1',
  // Italian Game, Black to move
  'r1bqkbnr/pppp1ppp/2n5/4p3/2B1P3/5N2/PPPP1PPP/RNBQK2R b KQkq - 3 3',
  // Middlegame with all castling rights
  'r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1',
  // Middlegame, one castling right on each side
  'r3k2r/pp1b1ppp/2n1pn2/q1bp4/5B2/2PBPN2/PP1N1PPP/R2QK2R b Kq - 4 9',
  // Both castled, no rights
  'r2q1rk1/pp2ppbp/2np1np1/8/3NP3/2N1BP2/PPPQ2PP/2KR1B1R b - - 2 9',
  // Rook endgame
  '8/5pk1/6p1/1R6/r4P2/6P1/5PK1/8 w - - 0 41',
  // Pawns of both sides one step from promotion
  '8/1P4k1/8/8/8/8/3K2p1/8 b - - 0 60',
  // Promotion by capture, White to move
  'r1n1k3/1P6/8/8/8/8/6p1/4K2R w K - 0 1',
];
