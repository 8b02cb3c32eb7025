import clsx from 'clsx';
import type { RankedMove } from './compare-evaluations';

/** A point on the board, in squares from its top left corner. */
interface Point {
  readonly x: number;
  readonly y: number;
}

/** An arrow for a move of a model. */
export interface Arrow {
  readonly uci: string;
  readonly series: 1 | 2;
  /** 0 to 1: how wide and how dense it is. It grows fast at first, so that small probabilities can be told apart. */
  readonly weight: number;
  /** How far beside the straight line it runs, in squares, so that the arrows of two models can both be seen. */
  readonly shift: number;
}

const LANE = 0.13;
const HEAD_LENGTH = 0.34;
const NARROWEST = 0.09;
const WIDEST = 0.2;

/** The middle of a square. */
export function middleOf(square: string, orientation: 'white' | 'black'): Point {
  const file = square.charCodeAt(0) - 97;
  const rank = Number(square[1]) - 1;
  return orientation === 'white' ? { x: file + 0.5, y: 7.5 - rank } : { x: 7.5 - file, y: rank + 0.5 };
}

/**
 * The arrows of one or two models, short ones last so that they are drawn on top. The promotions of a pawn share one
 * arrow.
 */
export function arrowsOf(first: readonly RankedMove[], second: readonly RankedMove[]): Arrow[] {
  const both = new Set(first.map(squaresOf).filter((squares) => second.some((move) => squaresOf(move) === squares)));
  const toArrows = (moves: readonly RankedMove[], series: 1 | 2): Arrow[] => {
    const seen = new Set<string>();
    return moves.flatMap((move) => {
      const squares = squaresOf(move);
      if (seen.has(squares)) return [];
      seen.add(squares);
      const shift = both.has(squares) ? (series === 1 ? -LANE : LANE) : 0;
      return [{ uci: move.uci, series, weight: Math.sqrt(move.probability), shift }];
    });
  };
  return [...toArrows(first, 1), ...toArrows(second, 2)].sort(
    (a, b) => lengthOf(b.uci) - lengthOf(a.uci) || a.weight - b.weight,
  );
}

function lengthOf(uci: string): number {
  const [from, to] = endsOf(uci, 'white');
  return Math.hypot(to.x - from.x, to.y - from.y);
}

function endsOf(uci: string, orientation: 'white' | 'black'): [from: Point, to: Point] {
  return [middleOf(uci.slice(0, 2), orientation), middleOf(uci.slice(2, 4), orientation)];
}

function squaresOf({ uci }: { readonly uci: string }): string {
  return uci.slice(0, 4);
}

/** The outline of an arrow as the points of a polygon. */
export function outlineOf({ uci, weight, shift }: Arrow, orientation: 'white' | 'black'): string {
  const [from, to] = endsOf(uci, orientation);
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
  const half = (NARROWEST + (WIDEST - NARROWEST) * weight) / 2;
  const neck = length - HEAD_LENGTH;
  const at = (distance: number, aside: number): string => {
    const x = from.x + along.x * distance - along.y * (aside + shift);
    const y = from.y + along.y * distance + along.x * (aside + shift);
    return `${x.toFixed(3)},${y.toFixed(3)}`;
  };
  const corners = [
    [0.2, -half],
    [neck, -half],
    [neck, -half * 2.4],
    [length - 0.04, 0],
    [neck, half * 2.4],
    [neck, half],
    [0.2, half],
  ] as const;
  return corners.map(([distance, aside]) => at(distance, aside)).join(' ');
}

interface ArrowLayerProps {
  readonly arrows: readonly Arrow[];
  readonly orientation: 'white' | 'black';
  /** The move that is pointed at in a list; the others fade. */
  readonly highlighted: string | undefined;
}

const FILLS = { 1: 'fill-series-1', 2: 'fill-series-2' } as const;

/** The moves of the models, drawn on the board. The lists beside it say the same in words. */
export function ArrowLayer({ arrows, orientation, highlighted }: ArrowLayerProps) {
  const opacityOf = ({ uci, weight }: Arrow) => {
    if (highlighted !== undefined) return uci === highlighted ? 1 : 0.15;
    return 0.7 + 0.3 * weight;
  };
  return (
    <svg viewBox="0 0 8 8" className="pointer-events-none absolute inset-0 z-10 size-full" aria-hidden="true">
      {arrows.map((arrow) => (
        <polygon
          key={`${arrow.series}${arrow.uci}`}
          points={outlineOf(arrow, orientation)}
          className={clsx('stroke-surface transition-opacity duration-150', FILLS[arrow.series])}
          strokeWidth={0.03}
          strokeLinejoin="round"
          opacity={opacityOf(arrow)}
        />
      ))}
    </svg>
  );
}
