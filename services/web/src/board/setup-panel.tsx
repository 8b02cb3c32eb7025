import { Eraser, Hand } from 'lucide-react';
import type { ReactNode } from 'react';
import { SparePiece } from 'react-chessboard';
import { Button } from '../ui/button';
import { SegmentedControl } from '../ui/segmented-control';
import { PIECES_OF, pieceName } from './board-pieces';
import { START_FEN } from './game';
import { allowsRight, EMPTY_FEN, hasRight, turnOf, withRight, withTurn } from './placement';
import { CASTLING_RIGHTS } from './position';
import type { Board } from './use-board';
import type { Brush } from './use-moves';

interface SetupPanelProps {
  readonly board: Board;
  readonly brush: Brush;
  readonly onBrush: (brush: Brush) => void;
}

const RIGHT_NAMES = { K: 'White short', Q: 'White long', k: 'Black short', q: 'Black long' } as const;

/** The tools to set up a position: pieces to place, the side to move, and castling rights. */
export function SetupPanel({ board, brush, onBrush }: SetupPanelProps) {
  const { fen, draft, problem } = board;
  return (
    <div className="space-y-3">
      <Palette brush={brush} onBrush={onBrush} />
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <SegmentedControl
          legend="Side to move"
          value={turnOf(fen)}
          onChange={(turn) => draft(withTurn(fen, turn))}
          choices={[
            { value: 'w', label: 'White to move' },
            { value: 'b', label: 'Black to move' },
          ]}
        />
        <fieldset className="flex flex-wrap gap-x-3 gap-y-1 text-sm">
          <legend className="sr-only">Castling rights</legend>
          {CASTLING_RIGHTS.map((right) => (
            <label
              key={right}
              className="inline-flex items-center gap-1.5 has-disabled:cursor-not-allowed has-disabled:text-muted"
            >
              <input
                type="checkbox"
                className="size-4 accent-accent"
                checked={hasRight(fen, right)}
                disabled={!allowsRight(fen, right)}
                onChange={(event) => draft(withRight(fen, right, event.target.checked))}
              />
              {RIGHT_NAMES[right]}
            </label>
          ))}
        </fieldset>
      </div>
      <div className="flex flex-wrap gap-1.5">
        <Button size="small" onClick={() => draft(EMPTY_FEN)}>
          Clear board
        </Button>
        <Button size="small" onClick={() => draft(START_FEN)}>
          Start position
        </Button>
        <span className="ml-auto flex gap-1.5">
          <Button size="small" onClick={board.cancelSetup}>
            Cancel
          </Button>
          <Button size="small" look="primary" disabled={problem !== undefined} onClick={board.finishSetup}>
            Done
          </Button>
        </span>
      </div>
    </div>
  );
}

function Palette({ brush, onBrush }: Omit<SetupPanelProps, 'board'>) {
  const choice = (value: Brush, name: string, picture: ReactNode) => (
    <label
      key={value}
      title={name}
      className="flex aspect-square items-center justify-center rounded-lg p-0.5 text-(--board-ink-on-dark) hover:bg-(--board-light)/40 has-checked:bg-(--board-light) has-checked:text-(--board-ink-on-light) has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent [&_svg]:max-w-full"
    >
      <input
        type="radio"
        name="brush"
        className="sr-only"
        checked={brush === value}
        onChange={() => onBrush(value)}
        aria-label={name}
      />
      {picture}
    </label>
  );
  const spare = (piece: (typeof PIECES_OF)['w' | 'b'][number]) =>
    choice(
      piece,
      `Put a ${pieceName(piece)}`,
      <span aria-hidden="true" className="block size-full">
        <SparePiece pieceType={piece} />
      </span>,
    );
  return (
    <fieldset className="rounded-xl bg-(--board-dark) p-1.5">
      <legend className="sr-only">What a click on a square does</legend>
      <div className="mx-auto grid max-w-lg grid-cols-7 gap-0.5 sm:grid-cols-14">
        {PIECES_OF.w.map(spare)}
        {choice('move', 'Move pieces', <Hand className="size-5" aria-hidden="true" />)}
        {PIECES_OF.b.map(spare)}
        {choice('remove', 'Remove pieces', <Eraser className="size-5" aria-hidden="true" />)}
      </div>
    </fieldset>
  );
}
