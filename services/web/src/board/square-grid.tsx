import type { Square } from 'chess.js';
import { type KeyboardEvent, useRef, useState } from 'react';
import { pieceName } from './board-pieces';
import { SQUARES_IN_ORDER } from './placement';
import type { PlacedPiece } from './position';

interface SquareGridProps {
  readonly pieces: Partial<Record<Square, PlacedPiece>>;
  readonly orientation: 'white' | 'black';
  readonly selected: Square | undefined;
  readonly targets: readonly Square[];
  readonly onSquare: (square: Square) => void;
  readonly onCancel: () => void;
}

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -8, ArrowDown: 8 };

/**
 * The squares of the board for keyboards and screen readers: one stop of the Tab key, arrow keys go from square to square,
 * Enter or Space does what a click does. It lies over the board and lets the pointer through.
 */
export function SquareGrid({ pieces, orientation, selected, targets, onSquare, onCancel }: SquareGridProps) {
  const [current, setCurrent] = useState<Square>('e2');
  const grid = useRef<HTMLFieldSetElement>(null);
  const squares = orientation === 'white' ? SQUARES_IN_ORDER : SQUARES_IN_ORDER.toReversed();
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (event.key === 'Escape') return onCancel();
    if (step === undefined) return;
    event.preventDefault();
    const index = squares.indexOf(current);
    const sameRank = Math.floor(index / 8) === Math.floor((index + step) / 8);
    const next = Math.abs(step) === 8 || sameRank ? squares[index + step] : undefined;
    if (next === undefined) return;
    setCurrent(next);
    grid.current?.querySelector<HTMLElement>(`[data-cell="${next}"]`)?.focus();
  };
  const nameOf = (square: Square) => {
    const piece = pieces[square];
    const parts = [square, piece === undefined ? 'empty' : pieceName(piece)];
    if (targets.includes(square)) parts.push('can be moved to');
    return parts.join(', ');
  };
  return (
    <fieldset
      ref={grid}
      aria-label="Chess board"
      className="pointer-events-none absolute inset-0 z-20 grid grid-cols-8 grid-rows-8"
    >
      {squares.map((square) => (
        <button
          key={square}
          type="button"
          data-cell={square}
          tabIndex={square === current ? 0 : -1}
          aria-label={nameOf(square)}
          aria-pressed={square === selected}
          onClick={() => onSquare(square)}
          onKeyDown={onKeyDown}
          onFocus={() => setCurrent(square)}
          className="-outline-offset-3 outline-accent-strong focus-visible:outline-3"
        />
      ))}
    </fieldset>
  );
}
