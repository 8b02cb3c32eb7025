import { type RefObject, useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import { useStore } from '../state/store';
import { shownTheme } from '../state/theme';
import { type History, MEASURES, type Measure } from './history-data';

/** Height of the drawing in CSS pixels, axes included. */
export const PLOT_HEIGHT_PX = 208;

/** Beyond this, single versions are too close to each other for dots. */
const MOST_DOTS = 80;

/** What is drawn. */
interface PlotContent {
  readonly history: History;
  readonly measure: Measure;
  /** Place of the active model on the axis. */
  readonly currentX: number | undefined;
  /** Place in the history of the model that is pointed at. Several may be at one place of the axis. */
  readonly pointed: RefObject<number | undefined>;
}

/** Draws the lines of a measure into an element, in the colours of the current theme. */
function createPlot(element: HTMLElement, content: PlotContent): uPlot {
  const { history, measure, currentX, pointed } = content;
  const { lines, points } = history;
  const color = readColors();
  const options: uPlot.Options = {
    width: Math.max(element.clientWidth, 1),
    height: PLOT_HEIGHT_PX,
    padding: [8, 12, 0, 0],
    legend: { show: false },
    cursor: {
      drag: { x: false, y: false },
      y: false,
      points: { size: 8 },
      dataIdx: (_, __, closest) => pointed.current ?? closest,
    },
    scales: {
      x: { time: false, range: (_, min, max) => withMargin(min, max) },
      ...(measure === 'winRate' ? { y: { range: (_, min, max) => [Math.min(0, min), Math.max(1, max)] } } : {}),
    },
    axes: axes(measure, color),
    series: [
      {},
      ...lines.map(({ series }) => ({
        stroke: color(`--series-${series}`),
        width: 2,
        spanGaps: true,
        points: { show: points.length <= MOST_DOTS, size: 5, fill: color(`--series-${series}`) },
      })),
    ],
    hooks: { drawAxes: [(plot) => markPlace(plot, currentX, color('--line-strong'))] },
  };
  return new uPlot(options, toColumns(content), element);
}

/** Places on the axis, and then the values of each line. */
function toColumns({ history: { lines, points } }: PlotContent): uPlot.AlignedData {
  const columns = lines.map((_, line) => points.map(({ values }) => values[line] ?? null));
  return [points.map(({ x }) => x), ...columns];
}

function readColors(): (variable: string) => string {
  const style = getComputedStyle(document.documentElement);
  return (variable) => style.getPropertyValue(variable).trim();
}

function withMargin(min: number, max: number): [number, number] {
  const margin = max > min ? (max - min) * 0.02 : 1;
  return [min - margin, max + margin];
}

function axes(measure: Measure, color: (variable: string) => string): uPlot.Axis[] {
  const font = `11px ${getComputedStyle(document.documentElement).fontFamily}`;
  const common = { stroke: color('--muted'), font, ticks: { show: false } } as const;
  const format = (value: number) =>
    measure === 'winRate' ? `${Math.round(value * 100)} %` : MEASURES[measure].format(value);
  return [
    {
      ...common,
      size: 26,
      gap: 6,
      grid: { show: false },
      incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 100_000, 1_000_000],
      values: (_, splits) => splits.map((version) => `v${version}`),
    },
    {
      ...common,
      size: measure === 'winRate' ? 44 : 38,
      gap: 6,
      space: 36,
      grid: { stroke: color('--line'), width: 1 },
      values: (_, splits) => splits.map(format),
    },
  ];
}

function markPlace(plot: uPlot, place: number | undefined, color: string): void {
  if (place === undefined) return;
  const { ctx, bbox } = plot;
  const x = Math.round(plot.valToPos(place, 'x', true)) + 0.5;
  ctx.save();
  ctx.strokeStyle = color;
  ctx.lineWidth = uPlot.pxRatio;
  ctx.setLineDash([4 * uPlot.pxRatio, 4 * uPlot.pxRatio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

/** Keeps a plot in an element: redrawn for other content or another theme, and as wide as the element. */
export function usePlot(
  element: RefObject<HTMLElement | null>,
  { history, measure, currentX, pointed }: PlotContent,
): uPlot | undefined {
  const theme = useStore(shownTheme);
  const [plot, setPlot] = useState<uPlot>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read when it is drawn, and another theme has other colours
  useEffect(() => {
    if (element.current === null) return;
    const created = createPlot(element.current, { history, measure, currentX, pointed });
    setPlot(created);
    return () => created.destroy();
  }, [element, history, measure, currentX, pointed, theme]);

  const width = useRef(0);
  useEffect(() => {
    const target = element.current;
    if (target === null || plot === undefined) return;
    const observer = new ResizeObserver(([entry]) => {
      const next = Math.floor(entry?.contentRect.width ?? 0);
      if (next === 0 || next === width.current) return;
      width.current = next;
      plot.setSize({ width: next, height: PLOT_HEIGHT_PX });
    });
    width.current = plot.width;
    observer.observe(target);
    return () => observer.disconnect();
  }, [element, plot]);
  return plot;
}
