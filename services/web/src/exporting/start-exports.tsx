import { FORMATS, type Format } from '@caissa/formats';
import type { JobView } from '@caissa/shared/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiError } from '../api/client';
import { KEYS, modelsQuery } from '../api/queries';
import { type ExportChoice, startExport } from '../api/work';
import { plural } from '../format/number';
import { whenJobEnds } from '../jobs/awaited-jobs';
import { currentTab } from '../state/route';
import { useStore } from '../state/store';
import { Button } from '../ui/button';
import { tell, tellFailure } from '../ui/toasts';
import { choiceOf, choose, exportForm, isExportable, rowProblem } from './export-form';

type Pair = readonly [model: string, format: Format];

/** Starts the chosen exports. */
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
    const left = await startAll(pairs, choiceOf(form));
    await client.invalidateQueries({ queryKey: KEYS.jobs });
    // What could not be started stays chosen, to be tried again; so does what was chosen meanwhile.
    const done = new Set(pairs.map(([model]) => model).filter((model) => !left.has(model)));
    choose({ models: exportForm.get().models.filter((model) => !done.has(model)) });
    setBusy(false);
  };
  return (
    <div className="flex flex-wrap items-center justify-between gap-3 p-5">
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

/** Starts exports one after the other. Returns the models of those that could not be started. */
async function startAll(pairs: readonly Pair[], choice: ExportChoice): Promise<Set<string>> {
  const left: Pair[] = [];
  let reason: unknown;
  for (const [at, [model, format]] of pairs.entries()) {
    try {
      const { job_id } = await startExport(format, model, choice);
      whenJobEnds(job_id, (job) => tellEnd(job, model, format));
    } catch (error) {
      reason ??= error;
      left.push([model, format]);
      if (!isOfOneRequest(error)) {
        left.push(...pairs.slice(at + 1));
        break;
      }
    }
  }
  const [first] = left;
  if (first !== undefined)
    tellFailure(
      left.length === 1
        ? `${first[0]} could not be exported to ${FORMATS[first[1]].label}`
        : `${plural(left.length, 'export')} could not be started`,
      reason,
    );
  return new Set(left.map(([model]) => model));
}

/** Whether others may succeed: not if the API or the queue is down, or the rate limit is hit. */
function isOfOneRequest(error: unknown): boolean {
  return error instanceof ApiError && error.status !== 0 && error.status !== 429 && error.status < 500;
}

function tellEnd(job: JobView, model: string, format: Format): void {
  const what = `${model} to ${FORMATS[format].label}`;
  if (job.status === 'failed') tellFailure(`The export of ${what} failed`, new Error(job.error?.detail));
  if (job.status !== 'completed' || job.links.download === undefined) return;
  const { download } = job.links;
  if (exportForm.get().downloadAtOnce) startDownload(download);
  // On this tab the list shows it.
  else if (currentTab() !== 'export') {
    tell({
      kind: 'success',
      title: `${what} is exported`,
      action: { label: 'Download', run: () => startDownload(download) },
    });
  }
}

function startDownload(url: string): void {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  link.click();
}
