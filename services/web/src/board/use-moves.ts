import type { Square } from 'chess.js';
import { useState } from 'react';
import { isPromotion, play, targetsOf } from './game';
import { piecesOf, turnOf, withPiece, withPieceMoved } from './placement';
import type { PlacedPiece } from './position';
import type { Board } from './use-board';

/** What a click on a square does while a position is set up. */
export type Brush = PlacedPiece | 'move' | 'remove';

/** A pawn's move that waits for the choice of its promotion. */
interface WaitingPromotion {
  readonly from: Square;
  readonly to: Square;
}

/** How pieces are moved: by clicks, by dragging, by keyboard, by name. */
export interface Moves {
  readonly selected: Square | undefined;
  readonly targets: readonly Square[];
  readonly promotion: WaitingPromotion | undefined;
  playMove(uci: string): void;
  onSquare(square: Square): void;
  onDrop(piece: PlacedPiece, from: Square | undefined, to: Square | undefined): boolean;
  canDrag(piece: PlacedPiece): boolean;
  cancel(): void;
}

const NO_SQUARES: readonly Square[] = [];

/** Moves of pieces: by the rules, or freely while a position is set up. */
export function useMoves(board: Board, brush: Brush): Moves {
  const { fen, settingUp, view } = board;
  const [chosen, setChosen] = useState<{ fen: string; square: Square }>();
  const [promotion, setPromotion] = useState<WaitingPromotion>();
  // A choice holds for the position in which it was made.
  const selected = chosen?.fen === fen ? chosen.square : undefined;
  const playable = !settingUp && board.problem === undefined;
  const targets = playable && selected !== undefined ? targetsOf(fen, selected) : NO_SQUARES;
  const pieces = piecesOf(fen);

  const cancel = () => {
    setChosen(undefined);
    setPromotion(undefined);
  };
  const playMove = (uci: string) => {
    const game = play(view.game, uci);
    cancel();
    if (game) board.change({ game });
  };
  const attempt = (from: Square, to: Square): boolean => {
    if (isPromotion(fen, from, to)) {
      setPromotion({ from, to });
      return false;
    }
    const game = play(view.game, `${from}${to}`);
    cancel();
    if (game) board.change({ game });
    return game !== undefined;
  };
  const choose = (square: Square, allowed: boolean) => setChosen(allowed ? { fen, square } : undefined);

  const onFreeSquare = (square: Square) => {
    const piece = pieces[square];
    if (brush === 'remove') board.draft(withPiece(fen, square, undefined));
    else if (brush !== 'move') board.draft(withPiece(fen, square, piece === brush ? undefined : brush));
    else if (selected === undefined || selected === square)
      choose(square, selected === undefined && piece !== undefined);
    else board.draft(withPieceMoved(fen, selected, square));
  };
  return {
    selected,
    targets,
    promotion,
    cancel,
    playMove,
    canDrag: (piece) => playable && piece[0] === turnOf(fen),
    onSquare(square) {
      if (settingUp) onFreeSquare(square);
      else if (selected !== undefined && targets.includes(square)) attempt(selected, square);
      else choose(square, square !== selected && pieces[square]?.[0] === turnOf(fen));
    },
    onDrop(piece, from, to) {
      if (!settingUp) return from !== undefined && to !== undefined && attempt(from, to);
      if (from === undefined && to === undefined) return false;
      if (to === undefined) board.draft(withPiece(fen, from ?? 'a1', undefined));
      else if (from === undefined) board.draft(withPiece(fen, to, piece));
      else board.draft(withPieceMoved(fen, from, to));
      return true;
    },
  };
}
