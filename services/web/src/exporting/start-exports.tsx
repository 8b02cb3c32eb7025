import type { ExportFormat, JobView } from '@caissa/shared/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { KEYS, modelsQuery } from '../api/queries';
import { startExport } from '../api/work';
import { plural } from '../format/number';
import { whenJobEnds } from '../jobs/job-outcomes';
import { FORMAT_WORDS } from '../jobs/job-words';
import { currentTab } from '../state/route';
import { useStore } from '../state/store';
import { Button } from '../ui/button';
import { tell, tellFailure } from '../ui/toasts';
import { choose, exportForm, readRows, rowProblem } from './export-form';

/** Starts the chosen exports. */
export function StartExports() {
  const client = useQueryClient();
  const form = useStore(exportForm);
  const { data } = useQuery(modelsQuery);
  const [busy, setBusy] = useState(false);
  const ready = new Set(data?.models.filter(({ status }) => status === 'ready').map(({ name }) => name));
  const pairs = form.models
    .filter((model) => ready.has(model))
    .flatMap((model) => form.formats.map((format) => [model, format] as const));
  const start = async () => {
    setBusy(true);
    const choice = { metadata: readRows(form.rows), options: form.options };
    let started = 0;
    for (const [model, format] of pairs) {
      try {
        const { job_id } = await startExport(format, model, choice);
        started++;
        whenJobEnds(job_id, (job) => tellEnd(job, model, format));
      } catch (error) {
        tellFailure(`${model} could not be exported to ${FORMAT_WORDS[format]}`, error);
      }
    }
    await client.invalidateQueries({ queryKey: KEYS.jobs });
    if (started > 0) choose({ models: [] });
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

function tellEnd(job: JobView, model: string, format: ExportFormat): void {
  const what = `${model} to ${FORMAT_WORDS[format]}`;
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
