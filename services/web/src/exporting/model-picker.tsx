import type { ModelSummary } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import clsx from 'clsx';
import { useDeferredValue, useMemo, useRef, useState } from 'react';
import { modelsQuery } from '../api/queries';
import { formatSize } from '../format/number';
import { arrangeModels, FIRST_ORDER } from '../models/arrange-models';
import { ModelBadges } from '../models/model-badges';
import { useStore } from '../state/store';
import { Button } from '../ui/button';
import { SearchField } from '../ui/field';
import { FormSection } from '../ui/layout';
import { LoadFailure } from '../ui/list-states';
import { Skeleton } from '../ui/progress';
import { choose, type ExportForm, exportForm, isExportable, toggled } from './export-form';

const ROW_PX = 44;

/** Chooses the models to export. */
export function ModelPicker() {
  const { data, error, refetch } = useQuery(modelsQuery);
  const form = useStore(exportForm);
  const chosen = form.models;
  const [search, setSearch] = useState('');
  const wanted = useDeferredValue(search);
  const models = useMemo(() => data && arrangeModels(data.models, wanted, FIRST_ORDER), [data, wanted]);
  const usable = models?.filter((model) => isExportable(model, form)).map(({ name }) => name) ?? [];
  // One that was chosen may be gone by now, or be hidden by the search.
  const count = data?.models.filter((model) => isExportable(model, form) && chosen.includes(model.name)).length ?? 0;
  return (
    <FormSection title="Models" hint={count === 0 ? 'Choose one or more' : `${count} chosen`}>
      <div className="mb-2 flex items-center gap-2">
        <SearchField label="Search models" value={search} onChange={setSearch} />
        <Button
          size="small"
          look="quiet"
          disabled={usable.length === 0}
          onClick={() => choose({ models: [...new Set([...chosen, ...usable])] })}
        >
          All
        </Button>
        <Button size="small" look="quiet" disabled={chosen.length === 0} onClick={() => choose({ models: [] })}>
          None
        </Button>
      </div>
      {models ? (
        models.length === 0 ? (
          <p className="grid h-56 place-items-center rounded-xl border border-line px-3 text-sm text-muted">
            {data?.count === 0 ? 'There are no models yet.' : 'No model matches.'}
          </p>
        ) : (
          <PickList models={models} form={form} />
        )
      ) : error ? (
        <LoadFailure what="The models" error={error} onRetry={() => void refetch()} />
      ) : (
        <Skeleton className="h-56 w-full rounded-xl" />
      )}
    </FormSection>
  );
}

interface PickListProps {
  readonly models: readonly ModelSummary[];
  readonly form: ExportForm;
}

/** As high as its placeholder while the models load, so that nothing below it moves. */
function PickList({ models, form }: PickListProps) {
  const box = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: models.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 8,
  });
  return (
    <div ref={box} className="h-56 overflow-y-auto rounded-xl border border-line">
      <ul className="relative" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const model = models[index];
          return (
            model && (
              <li
                key={model.name}
                className="absolute inset-x-0 top-0"
                style={{ height: ROW_PX, transform: `translateY(${start}px)` }}
              >
                <PickRow model={model} usable={isExportable(model, form)} checked={form.models.includes(model.name)} />
              </li>
            )
          );
        })}
      </ul>
    </div>
  );
}

interface PickRowProps {
  readonly model: ModelSummary;
  readonly usable: boolean;
  readonly checked: boolean;
}

function PickRow({ model, usable, checked }: PickRowProps) {
  return (
    <label
      title={model.problem?.detail ?? model.filename}
      className={clsx(
        'flex h-full items-center gap-3 border-b border-line px-3 text-sm has-focus-visible:bg-sunken',
        usable ? 'hover:bg-sunken' : 'cursor-not-allowed',
      )}
    >
      <input
        type="checkbox"
        className="size-4 shrink-0 accent-(--accent)"
        checked={checked && usable}
        disabled={!usable}
        onChange={() => choose({ models: toggled(exportForm.get().models, model.name) })}
      />
      <span className={clsx('min-w-0 truncate', usable ? 'font-medium' : 'text-muted')}>{model.name}</span>
      <ModelBadges model={model} />
      <span className="ml-auto text-xs whitespace-nowrap text-muted tabular-nums">{formatSize(model.size_bytes)}</span>
    </label>
  );
}
