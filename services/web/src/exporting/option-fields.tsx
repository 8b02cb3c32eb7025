import { factsOf, formatOptions, type OptionFacts, type VerifyLevel } from '@caissa/formats';
import { type ReactNode, useId } from 'react';
import { useStore } from '../state/store';
import { SelectField } from '../ui/field';
import { choose, exportForm } from './export-form';
import { FormSection } from './form-section';

const LEVELS: readonly (readonly [VerifyLevel, string, string])[] = [
  ['quick', 'Quick', 'The file is run once; names, shapes and value ranges are checked.'],
  ['full', 'Full', 'Also compared with an independent computation on real positions.'],
  ['none', 'None', 'Written and not run.'],
];

/** Options of the exports: how far they are checked, and what the formats can be asked for. */
export function OptionFields() {
  const { options, formats } = useStore(exportForm);
  const level = LEVELS.find(([value]) => value === options.verify);
  return (
    <FormSection title="Options">
      <div className="grid gap-4 sm:grid-cols-2">
        <OptionField
          label="Verification"
          hint={level?.[2]}
          value={options.verify}
          onChoose={(value) => choose({ options: { ...options, verify: value as VerifyLevel } })}
        >
          {LEVELS.map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </OptionField>
        {formatOptions().map(([name, facts]) => (
          <OptionField
            key={name}
            label={facts.label}
            hint={facts.hint}
            value={options[name]}
            disabled={!formats.some((format) => Object.hasOwn(factsOf(format).options, name))}
            onChoose={(value) => choose({ options: { ...options, [name]: Number(value) } })}
          >
            <Numbers facts={facts} />
          </OptionField>
        ))}
      </div>
    </FormSection>
  );
}

interface OptionFieldProps {
  readonly label: string;
  readonly hint: string | undefined;
  readonly value: string | number;
  readonly disabled?: boolean;
  readonly onChoose: (value: string) => void;
  readonly children: ReactNode;
}

function OptionField({ label, hint, value, disabled = false, onChoose, children }: OptionFieldProps) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="mb-1 block text-xs font-medium">
        {label}
      </label>
      <SelectField
        id={id}
        className="w-full"
        value={value}
        disabled={disabled}
        aria-describedby={`${id}-hint`}
        onChange={({ target }) => onChoose(target.value)}
      >
        {children}
      </SelectField>
      <p id={`${id}-hint`} className="mt-1 text-xs text-muted">
        {hint}
      </p>
    </div>
  );
}

function Numbers({ facts: { min, max, default: usual, defaultNote } }: { readonly facts: OptionFacts }) {
  return Array.from({ length: max - min + 1 }, (_, at) => min + at).map((value) => (
    <option key={value} value={value}>
      {value === usual ? `${value}, ${defaultNote}` : value}
    </option>
  ));
}
