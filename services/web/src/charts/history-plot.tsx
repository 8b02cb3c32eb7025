import clsx from 'clsx';
import { type KeyboardEvent, type PointerEvent, useEffect, useRef } from 'react';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { type History, type HistoryPoint, MEASURES, type Measure } from './history-data';
import { PLOT_HEIGHT_PX, usePlot } from './plot';

interface HistoryPlotProps {
  readonly history: History;
  readonly measure: Measure;
  readonly currentName: string | undefined;
  /** Place in the history of the model that is pointed at. */
  readonly pointed: number | undefined;
  readonly onPoint: (index: number | undefined) => void;
  readonly onOpen: (name: string) => void;
}

const OUTSIDE_PX = -100;

/** Models this close to each other across are told apart by their height. */
const SAME_PLACE_PX = 1;

/** A line above this could be hidden by the tip. */
const TIP_PX = 56;

/**
 * The lines, and the model under the pointer. It is one button: arrow keys go from model to model, Enter opens one. A
 * finger points first and opens with the next tap.
 */
export function HistoryPlot({ history, measure, currentName, pointed, onPoint, onOpen }: HistoryPlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const { points } = history;
  const current = points.findIndex(({ name }) => name === currentName);
  const marked = useRef<number>(undefined);
  const plot = usePlot(place, { history, measure, currentX: points[current]?.x, pointed: marked });
  const opens = useRef(true);
  const resting = current === -1 ? points.length - 1 : current;
  const point = pointed === undefined ? undefined : points[pointed];

  useEffect(() => {
    if (plot === undefined) return;
    marked.current = pointed;
    const left = point === undefined ? OUTSIDE_PX : plot.valToPos(point.x, 'x');
    plot.setCursor({ left, top: point === undefined ? OUTSIDE_PX : 1 }, false);
  }, [plot, point, pointed]);

  const onKeyDown = (event: KeyboardEvent) => {
    const next = stepFor(event.key, pointed ?? resting, points.length);
    if (next === undefined) return;
    event.preventDefault();
    onPoint(next);
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    const at = indexUnder(event, plot, points);
    opens.current = event.pointerType !== 'touch' || at === pointed;
    onPoint(at);
  };
  const open = (byKeyboard: boolean) => {
    const chosen = points[pointed ?? resting];
    if (chosen && (byKeyboard || opens.current)) onOpen(chosen.name);
  };
  return (
    <div className="relative" style={{ height: PLOT_HEIGHT_PX }}>
      <div ref={place} aria-hidden="true" className="absolute inset-0 overflow-hidden" />
      {point && plot && <Tip point={point} active={point.name === currentName} plot={plot} />}
      <button
        type="button"
        aria-label={`${MEASURES[measure].label} by version. Arrow keys go from model to model, Enter opens one.`}
        className="absolute inset-0 touch-pan-y rounded-md"
        onKeyDown={onKeyDown}
        onPointerDown={onPointerDown}
        onPointerMove={(event) => event.pointerType !== 'touch' && onPoint(indexUnder(event, plot, points))}
        onPointerLeave={(event) => event.pointerType !== 'touch' && onPoint(undefined)}
        onFocus={(event) => event.target.matches(':focus-visible') && onPoint(pointed ?? resting)}
        onBlur={() => onPoint(undefined)}
        onClick={(event) => open(event.detail === 0)}
      />
    </div>
  );
}

function stepFor(key: string, from: number, count: number): number | undefined {
  if (key === 'ArrowLeft') return Math.max(0, from - 1);
  if (key === 'ArrowRight') return Math.min(count - 1, from + 1);
  if (key === 'Home') return 0;
  return key === 'End' ? count - 1 : undefined;
}

/** The model that is nearest to the pointer across; of several at one place, the nearest in height. */
function indexUnder(
  event: PointerEvent<HTMLElement>,
  plot: uPlot | undefined,
  points: readonly HistoryPoint[],
): number | undefined {
  if (plot === undefined) return undefined;
  const box = plot.over.getBoundingClientRect();
  const [left, top] = [event.clientX - box.left, event.clientY - box.top];
  const across = points.map(({ x }) => Math.abs(plot.valToPos(x, 'x') - left));
  const least = across.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY) + SAME_PLACE_PX;
  let nearest: { readonly at: number; readonly apart: number } | undefined;
  for (const [at, { values }] of points.entries()) {
    if ((across[at] ?? 0) > least) continue;
    const heights = values.flatMap((value) => (value === null ? [] : [Math.abs(plot.valToPos(value, 'y') - top)]));
    const apart = Math.min(...heights);
    if (nearest === undefined || apart < nearest.apart) nearest = { at, apart };
  }
  return nearest?.at;
}

interface TipProps {
  readonly point: HistoryPoint;
  readonly active: boolean;
  readonly plot: uPlot;
}

/** Which model is pointed at. It stays within the drawing, and off the highest line. */
function Tip({ point, active, plot }: TipProps) {
  const offset = plot.over.offsetLeft;
  const left = plot.valToPos(point.x, 'x') + offset;
  const rightHalf = left > plot.width / 2;
  const highest = Math.max(...point.values.filter((value) => value !== null));
  const lineAtTop = plot.valToPos(highest, 'y') < TIP_PX;
  return (
    <div
      aria-hidden="true"
      style={rightHalf ? { right: plot.width - left + 8 } : { left: left + 8 }}
      className={clsx(
        'pointer-events-none absolute z-10 max-w-48 truncate rounded-lg border border-line bg-surface px-2.5 py-1.5 text-xs shadow-card',
        lineAtTop ? 'bottom-9' : 'top-1',
      )}
    >
      <strong className="font-semibold">{point.name}</strong>
      <span className="text-muted">{` \u00b7 v${point.version}${active ? ' \u00b7 active' : ''}`}</span>
    </div>
  );
}
