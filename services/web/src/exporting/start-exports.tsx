import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { KEYS, modelsQuery } from '../api/queries';
import { plural } from '../format/number';
import { useStore } from '../state/store';
import { Button } from '../ui/button';
import { choiceOf, choose, exportForm, isExportable, rowProblem } from './export-form';
import { showLatestExports } from './export-jobs';
import { type Pair, runExports } from './run-exports';

/** Starts the chosen exports. It stays in sight while the form is longer than the window. */
export function StartExports() {
  const client = useQueryClient();
  const form = useStore(exportForm);
  const { data } = useQuery(modelsQuery);
  const [busy, setBusy] = useState(false);
  const usable = new Set(data?.models.filter((model) => isExportable(model, form)).map(({ name }) => name));
  const pairs: Pair[] = form.models
    .filter((model) => usable.has(model))
    .flatMap((model) => form.formats.map((format) => [model, format] as const));
  const start = async () => {
    setBusy(true);
    showLatestExports();
    const left = await runExports(pairs, choiceOf(form), () => exportForm.get().downloadAtOnce);
    await client.invalidateQueries({ queryKey: KEYS.jobs });
    // What could not be started stays chosen, to be tried again; so does what was chosen meanwhile.
    const done = new Set(pairs.map(([model]) => model).filter((model) => !left.has(model)));
    choose({ models: exportForm.get().models.filter((model) => !done.has(model)) });
    setBusy(false);
  };
  return (
    <div className="sticky bottom-0 z-10 -mt-px flex flex-wrap items-center justify-between gap-2 rounded-b-2xl border-t border-line bg-surface px-5 py-3.5 max-sm:bottom-[calc(3.375rem+env(safe-area-inset-bottom))] max-sm:px-4 max-sm:py-2.5">
      <label className="flex items-center gap-2 text-sm">
        <input
          type="checkbox"
          className="size-4 accent-(--accent)"
          checked={form.downloadAtOnce}
          onChange={({ target }) => choose({ downloadAtOnce: target.checked })}
        />
        Download when done
      </label>
      <Button
        look="primary"
        busy={busy}
        disabled={pairs.length === 0 || rowProblem(form.rows) !== undefined}
        onClick={() => void start()}
      >
        {pairs.length === 0 ? 'Start export' : `Start ${plural(pairs.length, 'export')}`}
      </Button>
    </div>
  );
}
