import { type RefObject, useEffect, useRef, useState } from 'react';
import type uPlot from 'uplot';
import { useStore } from '../state/store';
import { shownTheme } from '../state/theme';
import type { HistoryPoint, Measure } from './history-data';
import { createPlot, PLOT_HEIGHT_PX } from './plot';

/** Keeps a plot in an element: drawn anew for other content or another theme, as wide as the element is. */
export function usePlot(
  element: RefObject<HTMLElement | null>,
  history: readonly HistoryPoint[],
  measure: Measure,
  currentVersion: number | undefined,
): uPlot | undefined {
  const theme = useStore(shownTheme);
  const [plot, setPlot] = useState<uPlot>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours are read when it is drawn, and the theme says that they are others
  useEffect(() => {
    if (element.current === null) return;
    const created = createPlot(element.current, { history, measure, currentVersion });
    setPlot(created);
    return () => created.destroy();
  }, [element, history, measure, currentVersion, theme]);

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
