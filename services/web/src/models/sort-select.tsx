import { SelectField } from '../ui/field';
import type { Order, SortKey } from './arrange-models';

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

/** Chooses the order of the list where it has no heads to press: on phones. */
export function SortSelect({ order, onChange }: SortSelectProps) {
  const chosen = CHOICES.findIndex(([, key, descending]) => key === order.key && descending === order.descending);
  return (
    <SelectField
      aria-label="Order of the models"
      className="w-36 md:hidden"
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
