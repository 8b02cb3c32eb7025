import { useQuery } from '@tanstack/react-query';
import { Boxes, SearchX } from 'lucide-react';
import { useDeferredValue, useMemo, useState } from 'react';
import { modelsQuery } from '../api/queries';
import { useCanOperate } from '../api/session';
import { Button } from '../ui/button';
import { SearchField, SelectField } from '../ui/field';
import { Card } from '../ui/layout';
import { EmptyState, LoadFailure } from '../ui/list-states';
import { SkeletonRows } from '../ui/progress';
import { arrangeModels, FIRST_ORDER, type Order, type SortKey } from './arrange-models';
import { ModelTable } from './model-table';
import { UploadButton } from './upload-sources';

/** The list of models with search and order. */
export function ModelsSection() {
  const { data, error, refetch } = useQuery(modelsQuery);
  const [search, setSearch] = useState('');
  const [order, setOrder] = useState<Order>(FIRST_ORDER);
  const wanted = useDeferredValue(search);
  const models = useMemo(() => data && arrangeModels(data.models, wanted, order), [data, wanted, order]);
  return (
    <Card label="All models" className="overflow-clip">
      <div className="flex items-center gap-3 border-b border-line p-3">
        <SearchField label="Search models" value={search} onChange={setSearch} />
        <SortSelect order={order} onChange={setOrder} />
        <p className="ml-auto hidden text-sm text-muted tabular-nums sm:block" aria-live="polite">
          {data && models && search !== '' && `${models.length} of ${data.count}`}
        </p>
      </div>
      {models === undefined ? (
        error ? (
          <LoadFailure what="The models" error={error} onRetry={() => void refetch()} />
        ) : (
          <SkeletonRows rows={6} label="Loading the models" />
        )
      ) : data?.count === 0 ? (
        <NoModels />
      ) : models.length === 0 ? (
        <EmptyState
          icon={SearchX}
          title="No model matches"
          action={<Button onClick={() => setSearch('')}>Show all models</Button>}
        >
          Nothing is called “{wanted}”.
        </EmptyState>
      ) : (
        <ModelTable models={models} order={order} onOrder={setOrder} />
      )}
    </Card>
  );
}

function NoModels() {
  const canOperate = useCanOperate();
  return (
    <EmptyState icon={Boxes} title="There are no models yet" action={canOperate && <UploadButton />}>
      {canOperate
        ? 'Drop a PyTorch checkpoint onto this page, choose one to upload, or put it into the model folder.'
        : 'They appear here as soon as somebody uploads one or training leaves one in the model folder.'}
    </EmptyState>
  );
}

const CHOICES: readonly (readonly [string, SortKey, boolean])[] = [
  ['Newest version', 'version', true],
  ['Oldest version', 'version', false],
  ['Latest training', 'training_date', true],
  ['Best win rate', 'win_rate', true],
  ['Lowest loss', 'training_loss', false],
  ['Largest', 'size', true],
  ['Name', 'name', false],
];

interface SortSelectProps {
  readonly order: Order;
  readonly onChange: (order: Order) => void;
}

/** Chooses the order of the list where it has no column heads, or not all, to click: on phones and tablets. */
function SortSelect({ order, onChange }: SortSelectProps) {
  const chosen = CHOICES.findIndex(([, key, descending]) => key === order.key && descending === order.descending);
  return (
    <SelectField
      aria-label="Order of the models"
      className="w-36 lg:hidden"
      value={chosen}
      onChange={({ target }) => {
        const choice = CHOICES[Number(target.value)];
        if (choice) onChange({ key: choice[1], descending: choice[2] });
      }}
    >
      {chosen === -1 && <option value={-1}>Other order</option>}
      {CHOICES.map(([label], at) => (
        <option key={label} value={at}>
          {label}
        </option>
      ))}
    </SelectField>
  );
}
