import { FORMATS, type Format } from '@caissa/formats';
import type { JobView } from '@caissa/shared/contracts';
import { downloadAddress } from '../api/address';
import { ApiError } from '../api/client';
import { type ExportChoice, startExport } from '../api/work';
import { plural } from '../format/number';
import { whenJobEnds } from '../jobs/awaited-jobs';
import { exportedFile } from '../jobs/job-facts';
import { currentTab } from '../state/route';
import { tell, tellFailure } from '../ui/toasts';

/** A model, and a format to export it to. */
export type Pair = readonly [model: string, format: Format];

/**
 * Starts exports one after the other, and tells how each ended. Returns the models of those that could not be started.
 * @param downloadsAtOnce asked when a file is ready: whether its download is to begin by itself
 */
export async function runExports(
  pairs: readonly Pair[],
  choice: ExportChoice,
  downloadsAtOnce: () => boolean = () => false,
): Promise<Set<string>> {
  const left: Pair[] = [];
  let reason: unknown;
  for (const [at, [model, format]] of pairs.entries()) {
    try {
      const { job_id } = await startExport(format, model, choice);
      whenJobEnds(job_id, (job) => tellEnd(job, [model, format], downloadsAtOnce()));
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

function tellEnd(job: JobView, [model, format]: Pair, downloadsAtOnce: boolean): void {
  const what = `${model} to ${FORMATS[format].label}`;
  if (job.status === 'failed') tellFailure(`The export of ${what} failed`, new Error(job.error?.detail));
  const file = exportedFile(job);
  if (file === undefined) return;
  if (downloadsAtOnce) startDownload(file.filename);
  // On the tab of exports the list shows it.
  else if (currentTab() !== 'export') {
    tell({
      kind: 'success',
      title: `${what} is exported`,
      action: { label: 'Download', run: () => startDownload(file.filename) },
    });
  }
}

function startDownload(filename: string): void {
  const link = document.createElement('a');
  link.href = downloadAddress(filename);
  link.download = '';
  link.click();
}
