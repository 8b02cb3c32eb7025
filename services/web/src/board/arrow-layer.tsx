import clsx from 'clsx';
import { type Arrow, outlineOf } from './arrows';

interface ArrowLayerProps {
  readonly arrows: readonly Arrow[];
  readonly orientation: 'white' | 'black';
  /** The move that is pointed at in a list; the others step back. */
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
