import type { ExportFormat } from '@caissa/shared/contracts';
import { useStore } from '../state/store';
import { Badge } from '../ui/badge';
import { choose, exportForm, toggled } from './export-form';
import { FormSection } from './form-section';

const FORMATS: readonly { format: ExportFormat; name: string; extension: string; what: string; use: string }[] = [
  {
    format: 'onnx',
    name: 'ONNX',
    extension: '.onnx',
    what: 'Graph and weights in one file, with metadata as separate JSON. Any batch size.',
    use: 'For programs in C++, Java, JavaScript, C# or Rust, and for browsers.',
  },
  {
    format: 'pytorch',
    name: 'PyTorch',
    extension: '.pt',
    what: 'Weights, architecture and metadata, bit for bit what the checkpoint holds.',
    use: 'For Python; loads with weights_only=True.',
  },
];

/** Chooses the formats, and says what each is for. */
export function FormatChoice() {
  const chosen = useStore(exportForm).formats;
  return (
    <FormSection title="Formats">
      <div className="grid gap-3 sm:grid-cols-2">
        {FORMATS.map(({ format, name, extension, what, use }) => (
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
                {name} <Badge>{extension}</Badge>
              </span>
              <span className="mt-1 block text-xs text-muted">{what}</span>
              <span className="mt-1 block text-xs text-muted">{use}</span>
            </span>
          </label>
        ))}
      </div>
    </FormSection>
  );
}
