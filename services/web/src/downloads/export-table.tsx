import type { ExportSummary } from '@caissa/shared/contracts';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import clsx from 'clsx';
import { useLayoutEffect, useRef, useState } from 'react';
import { FROM_EXTRA_LARGE_CLASS, FROM_LARGE_CLASS, ROW_CLASS } from './export-columns';
import { type ExportActions, ExportRow } from './export-row';

/** Heights that are expected of a row before it is drawn, in pixels. */
const ROW_PX = 69;
const CARD_PX = 143;
/** From here on rows are rows; below they are cards. The breakpoint `md` of the classes. */
const TABLE_QUERY = '(min-width: 48rem)';

interface ExportTableProps extends ExportActions {
  readonly items: readonly ExportSummary[];
}

/** The exports as a table, of which only the rows in sight are drawn. */
export function ExportTable({ items, onShow, onDelete }: ExportTableProps) {
  const body = useRef<HTMLTableSectionElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => {
    const rect = body.current?.getBoundingClientRect();
    if (rect) setOffset(rect.top + window.scrollY);
  }, []);
  const virtualizer = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => (matchMedia(TABLE_QUERY).matches ? ROW_PX : CARD_PX),
    getItemKey: (index) => items[index]?.filename ?? index,
    overscan: 8,
    scrollMargin: offset,
  });
  return (
    <table aria-label="Exports" aria-rowcount={items.length + 1} className="block">
      <Head />
      <tbody ref={body} className="relative block" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, key, start }) => {
          const item = items[index];
          const place = { index, top: start - offset, measure: virtualizer.measureElement };
          return item && <ExportRow key={key} item={item} onShow={onShow} onDelete={onDelete} place={place} />;
        })}
      </tbody>
    </table>
  );
}

const HEADS: readonly (readonly [name: string, className?: string])[] = [
  ['File'],
  ['Size', 'md:text-right'],
  ['Exported'],
  ['Device', FROM_LARGE_CLASS],
  ['SHA-256', FROM_EXTRA_LARGE_CLASS],
  ['Download'],
  ['Actions', 'md:text-right'],
];

function Head() {
  return (
    <thead className="block text-xs text-muted max-md:sr-only">
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
