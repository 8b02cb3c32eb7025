import type { ModelSummary } from '@caissa/shared/contracts';
import { parseTime } from '../format/date';
import { readMetric } from './metrics';

/** What models can be sorted by. */
export type SortKey = 'name' | 'version' | 'training_date' | 'size' | 'win_rate' | 'training_loss';

/** An order of models. */
export interface Order {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** The order in which the API gives them: newest version first. */
export const FIRST_ORDER: Order = { key: 'version', descending: true };

const READ: Readonly<Record<Exclude<SortKey, 'name'>, (model: ModelSummary) => number | undefined>> = {
  version: ({ version }) => (typeof version === 'number' ? version : undefined),
  training_date: ({ training_date }) => parseTime(training_date)?.getTime(),
  size: ({ size_bytes }) => size_bytes,
  win_rate: ({ metadata }) => readMetric(metadata, 'win_rate'),
  training_loss: ({ metadata }) => readMetric(metadata, 'training_loss'),
};

const names = new Intl.Collator('en', { numeric: true });

/** The models that a search finds, in an order. Models without the value that is sorted by come last either way. */
export function arrangeModels(models: readonly ModelSummary[], search: string, order: Order): ModelSummary[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter((model) => words.every((word) => searchText(model).includes(word))).sort(compareBy(order));
}

function searchText({ name, filename, status, version, is_current }: ModelSummary): string {
  return `${name} ${filename} ${status} ${typeof version === 'number' ? `v${version}` : version} ${is_current ? 'active' : ''}`.toLowerCase();
}

function compareBy({ key, descending }: Order): (left: ModelSummary, right: ModelSummary) => number {
  const sign = descending ? -1 : 1;
  if (key === 'name') return (left, right) => sign * names.compare(left.name, right.name);
  const read = READ[key];
  return (left, right) => {
    const [a, b] = [read(left), read(right)];
    if (a === b) return names.compare(left.name, right.name);
    if (a === undefined || b === undefined) return a === undefined ? 1 : -1;
    return sign * (a - b);
  };
}

/** The order after a click on the head of a column: first its natural direction, then the other. */
export function nextOrder(order: Order, key: SortKey): Order {
  if (order.key === key) return { key, descending: !order.descending };
  return { key, descending: key !== 'name' && key !== 'training_loss' };
}
