import type { ExportSummary } from '@caissa/shared/contracts';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import clsx from 'clsx';
import { useLayoutEffect, useRef, useState } from 'react';
import { DIGEST_CLASS, type ExportActions, ExportRow, expectedRowPx, ROW_CLASS } from './export-row';

interface ExportTableProps extends ExportActions {
  readonly items: readonly ExportSummary[];
}

/** The exports as a table, of which only the rows in view are drawn. */
export function ExportTable({ items, ...actions }: ExportTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const rect = body.current?.getBoundingClientRect();
    if (rect) setOffset(rect.top + window.scrollY);
  }, []);
  const virtualizer = useWindowVirtualizer({
    count: items.length,
    estimateSize: expectedRowPx,
    getItemKey: (index) => items[index]?.filename ?? index,
    overscan: 6,
    // Drawing synchronously would stall the scrolling; the rows beyond the edge are there to cover for it.
    useFlushSync: false,
    scrollMargin: offset,
  });
  return (
    <table aria-label="Exports" aria-rowcount={items.length + 1} className="block">
      <Head />
      <tbody ref={body} className="relative block" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const item = items[index];
          const place = { index, topPx: start - offset, measure: virtualizer.measureElement };
          return item && <ExportRow key={key} item={item} {...place} {...actions} />;
        })}
      </tbody>
    </table>
  );
}

const HEADS: readonly (readonly [name: string, className?: string])[] = [
  ['File'],
  ['Size', 'lg:text-right'],
  ['Exported'],
  ['Device'],
  ['SHA-256', DIGEST_CLASS],
  ['Download'],
  ['Actions', 'lg:text-right'],
];

function Head() {
  return (
    <thead className="block text-xs text-muted max-lg:sr-only">
      <tr aria-rowindex={1} className={clsx(ROW_CLASS, 'h-10')}>
        {HEADS.map(([name, className]) => (
          <th key={name} scope="col" className={clsx('text-left font-medium', className)}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}
