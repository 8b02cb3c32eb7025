import { DEFAULT_FORMAT, FORMATS, formatNames } from '@caissa/formats';
import { useStore } from '../state/store';
import { Badge } from '../ui/badge';
import { choose, exportForm, toggled } from './export-form';
import { FormSection } from './form-section';

/** The usual format comes first. */
const CHOICES = [DEFAULT_FORMAT, ...formatNames().filter((name) => name !== DEFAULT_FORMAT)];

/** Chooses the formats, and says what each is for. */
export function FormatChoice() {
  const chosen = useStore(exportForm).formats;
  return (
    <FormSection title="Formats">
      <div className="grid gap-3 sm:grid-cols-2">
        {CHOICES.map((format) => (
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
