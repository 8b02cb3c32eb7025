import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { currentQuery, modelsQuery } from '../api/queries';
import { SelectField } from '../ui/field';

interface CompareChoiceProps {
  readonly value: string | undefined;
  readonly onChange: (name: string | undefined) => void;
}

/** A list of all models that can be asked beside the active one. */
export function CompareChoice({ value, onChange }: CompareChoiceProps) {
  const id = useId();
  const { data } = useQuery(modelsQuery);
  const { data: current } = useQuery(currentQuery);
  const names = (data?.models ?? []).filter(({ status }) => status === 'ready').map(({ name }) => name);
  // A model of the address is shown even while the list is not there yet, or no longer has it.
  const all = value !== undefined && !names.includes(value) ? [value, ...names] : names;
  return (
    <span className="flex min-w-0 items-center gap-2">
      <label htmlFor={id} className="text-sm text-muted">
        Compare with
      </label>
      <SelectField
        id={id}
        value={value ?? ''}
        onChange={(event) => onChange(event.target.value || undefined)}
        className="w-44 min-w-0 truncate"
      >
        <option value="">no other model</option>
        {all.map((name) => (
          <option key={name} value={name}>
            {name === current?.model_name ? `${name} (active)` : name}
          </option>
        ))}
      </SelectField>
    </span>
  );
}
