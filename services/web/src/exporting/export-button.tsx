import { FORMATS } from '@caissa/formats';
import { useQueryClient } from '@tanstack/react-query';
import { FileDown, PackageOpen, SlidersHorizontal } from 'lucide-react';
import { useState } from 'react';
import { KEYS } from '../api/queries';
import { routeHref } from '../state/route';
import { COMPACT_BUTTON } from '../ui/button';
import { MenuButton } from '../ui/menu-button';
import { Spinner } from '../ui/progress';
import { FORMAT_CHOICES, USUAL_CHOICE } from './export-form';
import { type Pair, runExports } from './run-exports';

interface ExportButtonProps {
  readonly model: string;
  /** Whether it is being exported already. It can be exported to another format meanwhile. */
  readonly running: boolean;
  /** For a row of a list: names the model, and puts the label under the icon where there is no room beside it. */
  readonly compact?: boolean;
}

/** Exports a model with the usual options as soon as a format is chosen; others are a step further. */
export function ExportButton({ model, running, compact = false }: ExportButtonProps) {
  const client = useQueryClient();
  const [starting, setStarting] = useState(false);
  const start = async (pair: Pair) => {
    setStarting(true);
    await runExports([pair], USUAL_CHOICE);
    // Until the list has the job, nothing shows that it runs.
    await client.invalidateQueries({ queryKey: KEYS.jobs });
    setStarting(false);
  };
  const formats = FORMAT_CHOICES.map((format) => ({
    label: FORMATS[format].label,
    hint: `.${FORMATS[format].extension}`,
    icon: FileDown,
    onChoose: () => void start([model, format]),
  }));
  const more = { label: 'More options…', icon: SlidersHorizontal, href: routeHref('export', { models: model }) };
  return (
    <MenuButton
      size="small"
      look={compact ? 'quiet' : 'secondary'}
      items={[...formats, more]}
      {...(compact ? { 'aria-label': `Export ${model}`, title: `Export ${model}`, className: COMPACT_BUTTON } : {})}
    >
      {running || starting ? <Spinner /> : <PackageOpen aria-hidden="true" />}
      Export
    </MenuButton>
  );
}
