import type { ModelSummary } from '@caissa/shared/contracts';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import clsx from 'clsx';
import { ArrowDown, ArrowUp } from 'lucide-react';
import { useLayoutEffect, useRef, useState } from 'react';
import { useActivationJobs, useIsDown, useUnfinishedJobs } from '../api/queries';
import { useCanOperate } from '../api/session';
import { useMediaQuery } from '../ui/hooks';
import { nextOrder, type Order, type SortKey } from './arrange-models';
import { COLUMNS, ModelRow, SIZE_CLASS } from './model-row';

const ROW_PX = { wide: 60, narrow: 92 } as const;

interface ModelTableProps {
  readonly models: readonly ModelSummary[];
  readonly order: Order;
  readonly onOrder: (order: Order) => void;
}

/** The models as a table, of which only the rows in view are drawn. On phones each row is a small card. */
export function ModelTable({ models, order, onOrder }: ModelTableProps) {
  const wide = useMediaQuery('(min-width: 48rem)');
  const canOperate = useCanOperate();
  const activations = useActivationJobs();
  const isDown = useIsDown();
  const exportJobs = useUnfinishedJobs('export');
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setTop((body.current?.getBoundingClientRect().top ?? 0) + window.scrollY);
    measure();
    // What is above the list may change its height: uploads come and go.
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const rowPx = wide ? ROW_PX.wide : ROW_PX.narrow;
  const virtualizer = useWindowVirtualizer({
    count: models.length,
    estimateSize: () => rowPx,
    overscan: 8,
    // Drawing synchronously would stall the scrolling; the rows beyond the edge are there to cover for it.
    useFlushSync: false,
    scrollMargin: top,
  });
  // A change of the row height makes all measures wrong.
  // biome-ignore lint/correctness/useExhaustiveDependencies: measured anew when the height of a row changes
  useLayoutEffect(() => virtualizer.measure(), [rowPx]);
  return (
    <div role="table" aria-label="Models" aria-rowcount={models.length + 1}>
      <TableHead order={order} onOrder={onOrder} />
      <div role="rowgroup" ref={body} className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const model = models[index];
          return (
            model && (
              <ModelRow
                key={model.name}
                model={model}
                activation={activations.find(({ model_name }) => model_name === model.name)}
                exporting={exportJobs.find(({ model_name }) => model_name === model.name)}
                canOperate={canOperate}
                isDown={isDown && model.is_current}
                rowIndex={index + 2}
                topPx={start - top}
                heightPx={rowPx}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

const HEADS: readonly (readonly [string, SortKey, string])[] = [
  ['Model', 'name', ''],
  ['Version', 'version', 'justify-end'],
  ['Trained', 'training_date', ''],
  ['Win rate', 'win_rate', 'justify-end'],
  ['Loss', 'training_loss', 'justify-end'],
  ['Size', 'size', `justify-end ${SIZE_CLASS}`],
];

function TableHead({ order, onOrder }: Pick<ModelTableProps, 'order' | 'onOrder'>) {
  return (
    <div role="rowgroup" className="max-md:sr-only">
      <div role="row" aria-rowindex={1} className={clsx(COLUMNS, 'h-10 text-xs text-muted')}>
        {HEADS.map(([label, key, classes]) => (
          <HeadCell key={key} label={label} sortKey={key} className={classes} order={order} onOrder={onOrder} />
        ))}
        <div role="columnheader" className="text-right">
          <span className="sr-only">Actions</span>
        </div>
      </div>
    </div>
  );
}

interface HeadCellProps extends Pick<ModelTableProps, 'order' | 'onOrder'> {
  readonly label: string;
  readonly sortKey: SortKey;
  readonly className: string;
}

function HeadCell({ label, sortKey, className, order, onOrder }: HeadCellProps) {
  const sorted = order.key === sortKey;
  const Arrow = order.descending ? ArrowDown : ArrowUp;
  return (
    <div
      role="columnheader"
      aria-sort={sorted ? (order.descending ? 'descending' : 'ascending') : 'none'}
      className={clsx('flex', className)}
    >
      <button
        type="button"
        onClick={() => onOrder(nextOrder(order, sortKey))}
        className={clsx(
          'relative -mx-1.5 flex items-center gap-1 rounded px-1.5 py-1 font-medium hover:text-text',
          sorted && 'text-text',
        )}
      >
        {label}
        {sorted && (
          <Arrow
            className={clsx('absolute size-3', className.includes('justify-end') ? 'right-full' : 'left-full')}
            aria-hidden="true"
          />
        )}
      </button>
    </div>
  );
}
