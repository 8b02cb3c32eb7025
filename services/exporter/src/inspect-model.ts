import type { Examination } from '@caissa/conversion';
import { modelFilename } from '@caissa/formats';
import { jobLost, type Processor, type WorkItem } from '@caissa/queue';
import type { CatalogueEntry, WritingOutcome } from '@caissa/registry';
import type { InspectResult, JobProgress, TensorSummary } from '@caissa/shared/contracts';
import { AppError, toAppError, toProblem } from '@caissa/shared/errors';
import { tryTwice } from '@caissa/shared/tasks';
import type { ModelFile } from '@caissa/storage';
import type { ExporterContext } from './context.js';

type InspectItem = WorkItem<'inspect'>;

/** The work of an `inspect` job: finds out what a file of the model folder is and writes it into the catalogue. */
export function inspectProcessor(context: ExporterContext): Processor<'inspect'> {
  return (item) => (item.data.upload === undefined ? inspectModel(context, item) : inspectUpload(context, item));
}

async function inspectModel(context: ExporterContext, item: InspectItem): Promise<InspectResult> {
  const name = item.data.model_name;
  const before = await findFile(context, name);
  const examined = before && (await examineModel(context, before, item));
  const since = await context.catalogue.moment();
  const after = await findFile(context, name);
  const terms = { since, lock: item.lock };
  if (after === undefined) {
    settle(name, await context.catalogue.remove(name, terms));
    return result(item, 'gone', `Model ${name} is gone`);
  }
  if (examined === undefined || after.identity !== before?.identity) throw changed(after.filename);
  const { entry, tensors } = examined;
  settle(after.filename, await context.catalogue.put(entry, tensors, terms));
  const { status } = entry;
  return result(item, status, status === 'ready' ? `Model ${name} is ready` : `Model ${name} cannot be read`);
}

/** What was not written is not true any more, or is for others to say. @throws AppError JOB_LOST, SOURCE_CHANGED */
function settle(what: string, outcome: WritingOutcome): void {
  if (outcome === 'lost') throw jobLost();
  if (outcome === 'overtaken') throw changed(what);
}

function changed(filename: string): AppError {
  return new AppError('SOURCE_CHANGED', `${filename} was replaced while it was inspected.`);
}

/** A file that is not a model yet: it is examined under its temporary name, and the catalogue is not told. */
async function inspectUpload(context: ExporterContext, item: InspectItem): Promise<InspectResult> {
  await examine(context, item, modelFilename(item.data.model_name));
  return result(item, 'ready', `Model ${item.data.model_name} can be used`);
}

function examine({ tasks }: ExporterContext, item: InspectItem, filename: string): Promise<Examination> {
  const { data, signal, logger } = item;
  const { model_name: modelName, upload } = data;
  const report = (progress: JobProgress) => item.report(progress);
  const control = { signal, report, confirm: () => item.confirm() };
  return tryTwice({ filename: async () => filename, logger }, () =>
    tasks.examine({ modelName, filename, upload }, control),
  );
}

/** What the catalogue will say of a file, be it good or bad. Trouble that may pass is thrown. */
async function examineModel(
  context: ExporterContext,
  file: ModelFile,
  item: InspectItem,
): Promise<{ entry: CatalogueEntry; tensors: readonly TensorSummary[] }> {
  const { name, filename, identity } = file;
  const inspectedAt = new Date().toISOString();
  try {
    const { sha256, description } = await examine(context, item, filename);
    const { tensors, ...known } = description;
    return { entry: { name, identity, status: 'ready', ...known, sha256, inspected_at: inspectedAt }, tensors };
  } catch (error) {
    const problem = item.signal.aborted ? undefined : unreadableBecause(error, filename);
    if (problem === undefined) throw error;
    return {
      entry: { ...UNKNOWN, name, identity, problem: toProblem(problem), warnings: [], inspected_at: inspectedAt },
      tensors: [],
    };
  }
}

const UNKNOWN = {
  status: 'unreadable',
  version: null,
  training_date: null,
  metadata: {},
  architecture: null,
  sha256: null,
} as const;

/** What makes a file unreadable until somebody changes it, or nothing if looking again may help or the fault is ours. */
function unreadableBecause(thrown: unknown, filename: string): AppError | undefined {
  if (hasCode(thrown, 'EACCES') || hasCode(thrown, 'EPERM')) {
    return new AppError(
      'STORE_UNAVAILABLE',
      `${filename} cannot be read: permission was denied. Change its owner or its permissions; it is then read again.`,
    );
  }
  const error = toAppError(thrown);
  return error.retryable || error.code === 'INTERNAL' ? undefined : error;
}

async function findFile(context: ExporterContext, name: string): Promise<ModelFile | undefined> {
  try {
    return await context.models.find(name);
  } catch (error) {
    if (error instanceof AppError && error.code === 'MODEL_NOT_FOUND') return undefined;
    throw error;
  }
}

function result(item: InspectItem, status: InspectResult['status'], message: string): InspectResult {
  return { success: true, message, model_name: item.data.model_name, status, job_id: item.id };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
