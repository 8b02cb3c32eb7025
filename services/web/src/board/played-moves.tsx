import type { Game } from './game';
import { turnOf } from './placement';

/** The moves that were made, in the usual way: `1. e4 e5 2. Nf3`. */
export function PlayedMoves({ game }: { readonly game: Game }) {
  const { start, moves } = game;
  const offset = turnOf(start) === 'b' ? 1 : 0;
  const firstNumber = Number(start.split(' ')[5] ?? 1);
  return (
    <div>
      <h2 className="text-sm font-medium">Moves</h2>
      {moves.length === 0 ? (
        <p className="mt-1 min-h-6 text-sm text-muted">
          None yet. Drag a piece, click one and its target, or type a move.
        </p>
      ) : (
        <ol className="mt-1 flex max-h-28 min-h-6 flex-wrap gap-x-1.5 overflow-y-auto text-sm tabular-nums">
          {moves.map(({ san, fen }, index) => {
            const ply = index + offset;
            const number = firstNumber + Math.floor(ply / 2);
            const white = ply % 2 === 0;
            return (
              <li key={fen} aria-current={index === moves.length - 1 ? 'step' : undefined}>
                {(white || index === 0) && <span className="text-muted">{`${number}${white ? '.' : '\u2026'} `}</span>}
                <span
                  className={
                    index === moves.length - 1 ? 'rounded bg-accent-soft px-1 font-medium text-accent-text' : ''
                  }
                >
                  {san}
                </span>
              </li>
            );
          })}
        </ol>
      )}
    </div>
  );
}
