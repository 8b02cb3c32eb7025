import clsx from 'clsx';
import { EqualNot } from 'lucide-react';
import { formatPercent } from '../format/number';
import type { RankedMove } from './compare-evaluations';

interface BestMovesProps {
  readonly moves: readonly RankedMove[];
  /** Lines to reserve, so that nothing moves when a position has fewer moves. */
  readonly lines: number;
  readonly series: 1 | 2;
  readonly label: string;
  /** They belong to the previous position and cannot be played. */
  readonly outdated: boolean;
  /** Another model is shown, so moves that it does not have are marked. */
  readonly compared: boolean;
  readonly highlighted: string | undefined;
  readonly onPlay: (uci: string) => void;
  readonly onHighlight: (uci: string | undefined) => void;
}

const FILLS = { 1: 'bg-series-1', 2: 'bg-series-2' } as const;
const LINE_REM = 2.25;

/** A model's best moves with their probabilities. A click plays one, pointing at one shows it on the board. */
export function BestMoves(props: BestMovesProps) {
  const { moves, lines, series, label, outdated, compared, highlighted, onPlay, onHighlight } = props;
  return (
    <ol
      aria-label={label}
      style={{ minHeight: `${lines * LINE_REM}rem` }}
      className={clsx('transition-opacity duration-150', outdated && 'opacity-50')}
    >
      {moves.map(({ uci, san, probability, differs }) => (
        <li key={uci}>
          <button
            type="button"
            disabled={outdated}
            onClick={() => onPlay(uci)}
            onPointerEnter={() => onHighlight(uci)}
            onPointerLeave={() => onHighlight(undefined)}
            onFocus={() => onHighlight(uci)}
            onBlur={() => onHighlight(undefined)}
            title={`Play ${san}`}
            style={{ height: `${LINE_REM}rem` }}
            className={clsx(
              'grid w-full items-center gap-2 rounded-lg px-2 text-left text-sm transition-colors hover:bg-sunken',
              compared ? 'grid-cols-[3.25rem_1fr_1rem_3.25rem]' : 'grid-cols-[3.75rem_1fr_3.5rem]',
              highlighted === uci && 'bg-sunken',
            )}
          >
            <span className="truncate font-medium">{san}</span>
            <span className="h-2 overflow-hidden rounded-full bg-sunken" aria-hidden="true">
              <span
                className={clsx('block h-full rounded-full transition-[width] duration-200', FILLS[series])}
                style={{ width: `${probability * 100}%` }}
              />
            </span>
            {compared && (
              <span
                className="text-warn-text"
                title={differs ? 'Not among the best moves of the other model' : undefined}
              >
                {differs && (
                  <>
                    <EqualNot className="size-4" aria-hidden="true" />
                    <span className="sr-only">differs</span>
                  </>
                )}
              </span>
            )}
            <span className="text-right text-muted tabular-nums">{formatPercent(probability)}</span>
          </button>
        </li>
      ))}
    </ol>
  );
}
