import { useId } from 'react';

interface SegmentedControlProps<T extends string | number> {
  /** What is chosen, for those who do not see the choices side by side. */
  readonly legend: string;
  readonly choices: readonly { readonly value: T; readonly label: string; readonly hint?: string }[];
  readonly value: T;
  readonly onChange: (value: T) => void;
}

/** A few choices side by side, of which one is selected. */
export function SegmentedControl<T extends string | number>({
  legend,
  choices,
  value,
  onChange,
}: SegmentedControlProps<T>) {
  const name = useId();
  return (
    <fieldset className="inline-flex gap-0.5 rounded-lg bg-sunken p-0.5">
      <legend className="sr-only">{legend}</legend>
      {choices.map((choice) => (
        <label
          key={choice.value}
          title={choice.hint}
          className="flex h-8 min-w-8 items-center justify-center rounded-md px-2.5 text-[0.8125rem] text-muted transition-colors select-none hover:text-text has-checked:bg-surface has-checked:font-medium has-checked:text-text has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name={name}
            className="sr-only"
            checked={choice.value === value}
            onChange={() => onChange(choice.value)}
          />
          {choice.label}
        </label>
      ))}
    </fieldset>
  );
}
