import clsx from 'clsx';
import { type KeyboardEvent, type PointerEvent, useEffect, useRef } from 'react';
import type uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { type HistoryPoint, MEASURES, type Measure } from './history-data';
import { PLOT_HEIGHT_PX, usePlot } from './plot';

interface HistoryPlotProps {
  readonly history: readonly HistoryPoint[];
  readonly measure: Measure;
  readonly currentName: string | undefined;
  /** Place in the history of the version that is pointed at. */
  readonly pointed: number | undefined;
  readonly onPoint: (index: number | undefined) => void;
  readonly onOpen: (name: string) => void;
}

const OUTSIDE_PX = -100;

/** A line above this could be hidden by the tip. */
const TIP_PX = 56;

/**
 * The lines, and the version under the pointer. It is one button: arrow keys go from version to version, Enter opens the
 * model. A finger points first and opens with the next tap.
 */
export function HistoryPlot({ history, measure, currentName, pointed, onPoint, onOpen }: HistoryPlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const current = history.findIndex(({ name }) => name === currentName);
  const plot = usePlot(place, history, measure, history[current]?.version);
  const opens = useRef(true);
  const resting = current === -1 ? history.length - 1 : current;
  const point = pointed === undefined ? undefined : history[pointed];

  useEffect(() => {
    if (plot === undefined) return;
    const left = point === undefined ? OUTSIDE_PX : plot.valToPos(point.version, 'x');
    plot.setCursor({ left, top: point === undefined ? OUTSIDE_PX : 1 }, false);
  }, [plot, point]);

  const onKeyDown = (event: KeyboardEvent) => {
    const next = stepFor(event.key, pointed ?? resting, history.length);
    if (next === undefined) return;
    event.preventDefault();
    onPoint(next);
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    const at = indexUnder(event, plot);
    opens.current = event.pointerType !== 'touch' || at === pointed;
    onPoint(at);
  };
  const open = (byKeyboard: boolean) => {
    const chosen = history[pointed ?? resting];
    if (chosen && (byKeyboard || opens.current)) onOpen(chosen.name);
  };
  return (
    <div className="relative" style={{ height: PLOT_HEIGHT_PX }}>
      <div ref={place} aria-hidden="true" className="absolute inset-0 overflow-hidden" />
      {point && plot && <Tip point={point} active={point.name === currentName} plot={plot} />}
      <button
        type="button"
        aria-label={`${MEASURES[measure].label} by version. Arrow keys go from version to version, Enter opens the model.`}
        className="absolute inset-0 touch-pan-y rounded-md"
        onKeyDown={onKeyDown}
        onPointerDown={onPointerDown}
        onPointerMove={(event) => event.pointerType !== 'touch' && onPoint(indexUnder(event, plot))}
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

/** The version that is nearest to the pointer. */
function indexUnder(event: PointerEvent<HTMLElement>, plot: uPlot | undefined): number | undefined {
  if (plot === undefined) return undefined;
  const left = event.clientX - plot.over.getBoundingClientRect().left;
  return plot.posToIdx(Math.min(Math.max(left, 0), plot.over.clientWidth));
}

interface TipProps {
  readonly point: HistoryPoint;
  readonly active: boolean;
  readonly plot: uPlot;
}

/** Which model is pointed at. It stays within the drawing, and off the highest line. */
function Tip({ point, active, plot }: TipProps) {
  const offset = plot.over.offsetLeft;
  const left = plot.valToPos(point.version, 'x') + offset;
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
