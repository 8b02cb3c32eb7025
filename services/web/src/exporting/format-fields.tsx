import {
  FORMATS,
  factsOf,
  formatOptions,
  type OptionFacts,
  type VerifyLevel,
  WEIGHTS_PATH_LIMIT,
} from '@caissa/formats';
import { type ReactNode, useId } from 'react';
import { useStore } from '../state/store';
import { Badge } from '../ui/badge';
import { SelectField, TextField } from '../ui/field';
import { FormSection } from '../ui/layout';
import { choose, exportForm, FORMAT_CHOICES, toggled } from './export-form';

/** Chooses the formats, and says what each is for. */
export function FormatChoice() {
  const chosen = useStore(exportForm).formats;
  return (
    <FormSection title="Formats">
      <div className="grid gap-3 sm:grid-cols-2">
        {FORMAT_CHOICES.map((format) => (
          <label
            key={format}
            className="flex gap-3 rounded-xl border border-line p-3.5 transition-colors hover:bg-sunken has-checked:border-accent has-checked:bg-accent-soft/50 has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
          >
            <input
              type="checkbox"
              className="mt-0.5 size-4 shrink-0 accent-(--accent) focus-visible:outline-none"
              checked={chosen.includes(format)}
              onChange={() => choose({ formats: toggled(chosen, format) })}
            />
            <span className="min-w-0 text-sm">
              <span className="flex items-center gap-2 font-medium">
                {FORMATS[format].label} <Badge>.{FORMATS[format].extension}</Badge>
              </span>
              <span className="mt-1 block text-xs text-muted">{FORMATS[format].contents}</span>
              <span className="mt-1 block text-xs text-muted">{FORMATS[format].use}</span>
            </span>
          </label>
        ))}
      </div>
    </FormSection>
  );
}

const LEVELS: readonly (readonly [VerifyLevel, string, string])[] = [
  [
    'quick',
    'Quick',
    'Every weight is compared with the checkpoint; an ONNX file is also run and its outputs are compared.',
  ],
  ['full', 'Full', 'An ONNX file is also compared on chess positions, a PyTorch file byte by byte.'],
  ['none', 'None', 'Written and not looked at.'],
];

/** Options of the exports: how thoroughly they are verified, which weights are taken, and the options of their formats. */
export function OptionFields() {
  const { options, formats, weights } = useStore(exportForm);
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
        <WeightsField value={weights} />
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

function WeightsField({ value }: { readonly value: string }) {
  const id = useId();
  return (
    <div className="sm:col-span-2">
      <label htmlFor={id} className="mb-1 block text-xs font-medium">
        Weights
      </label>
      <TextField
        id={id}
        className="w-full"
        placeholder="the usual ones"
        value={value}
        maxLength={WEIGHTS_PATH_LIMIT}
        aria-describedby={`${id}-hint`}
        autoComplete="off"
        spellCheck={false}
        onChange={({ target }) => choose({ weights: target.value })}
      />
      <p id={`${id}-hint`} className="mt-1 text-xs text-muted">
        Where a checkpoint holds several networks: the path of the one to take, such as ema.module.
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
