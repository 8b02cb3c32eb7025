import { FlipVertical2, PencilRuler, RotateCcw, Undo2 } from 'lucide-react';
import { Button } from '../ui/button';
import { gameFrom, START_FEN, undo } from './game';
import type { Board } from './use-board';

/** What can be done with the whole board. */
export function BoardToolbar({ board }: { readonly board: Board }) {
  const { view, change, startSetup } = board;
  const { game, orientation } = view;
  const atStart = game.moves.length === 0 && game.start === START_FEN;
  return (
    <div className="flex flex-wrap gap-1.5 max-[26rem]:[&_svg]:hidden">
      <Button size="small" onClick={() => change({ game: undo(game) })} disabled={game.moves.length === 0}>
        <Undo2 aria-hidden="true" />
        Undo
      </Button>
      <Button
        size="small"
        onClick={() => change({ game: gameFrom(game.moves.length > 0 ? game.start : START_FEN) })}
        disabled={atStart}
      >
        <RotateCcw aria-hidden="true" />
        Reset
      </Button>
      <Button size="small" onClick={() => change({ orientation: orientation === 'white' ? 'black' : 'white' })}>
        <FlipVertical2 aria-hidden="true" />
        Flip
      </Button>
      <Button size="small" onClick={startSetup}>
        <PencilRuler aria-hidden="true" />
        Set up
      </Button>
    </div>
  );
}
