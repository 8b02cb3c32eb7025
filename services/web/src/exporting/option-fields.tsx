import type { VerifyLevel } from '@caissa/shared/contracts';
import { useId } from 'react';
import { useStore } from '../state/store';
import { SelectField } from '../ui/field';
import { choose, exportForm } from './export-form';
import { FormSection } from './form-section';

const OPSETS = Array.from({ length: 11 }, (_, at) => 11 + at);

const LEVELS: readonly (readonly [VerifyLevel, string, string])[] = [
  ['quick', 'Quick', 'The file is run once; names, shapes and value ranges are checked.'],
  ['full', 'Full', 'Also compared with an independent computation on real positions.'],
  ['none', 'None', 'Written and not run.'],
];

/** Options of the exports: how far they are checked, and the ONNX operator set. */
export function OptionFields() {
  const { options, formats } = useStore(exportForm);
  const verifyId = useId();
  const opsetId = useId();
  const level = LEVELS.find(([value]) => value === options.verify);
  return (
    <FormSection title="Options">
      <div className="grid gap-4 sm:grid-cols-2">
        <div>
          <label htmlFor={verifyId} className="mb-1 block text-xs font-medium">
            Verification
          </label>
          <SelectField
            id={verifyId}
            className="w-full"
            value={options.verify}
            aria-describedby={`${verifyId}-hint`}
            onChange={({ target }) => choose({ options: { ...options, verify: target.value as VerifyLevel } })}
          >
            {LEVELS.map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </SelectField>
          <p id={`${verifyId}-hint`} className="mt-1 text-xs text-muted">
            {level?.[2]}
          </p>
        </div>
        <div>
          <label htmlFor={opsetId} className="mb-1 block text-xs font-medium">
            ONNX operator set
          </label>
          <SelectField
            id={opsetId}
            className="w-full"
            value={options.opset}
            disabled={!formats.includes('onnx')}
            aria-describedby={`${opsetId}-hint`}
            onChange={({ target }) => choose({ options: { ...options, opset: Number(target.value) } })}
          >
            {OPSETS.map((opset) => (
              <option key={opset} value={opset}>
                {opset === 11 ? '11, widest support' : opset}
              </option>
            ))}
          </SelectField>
          <p id={`${opsetId}-hint`} className="mt-1 text-xs text-muted">
            The file computes the same with each.
          </p>
        </div>
      </div>
    </FormSection>
  );
}
