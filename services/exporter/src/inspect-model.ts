import type { Examination } from '@caissa/conversion';
import { modelFilename } from '@caissa/formats';
import type { Processor, WorkItem } from '@caissa/queue';
import type { CatalogueEntry } from '@caissa/registry';
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
  if (before === undefined) return forget(context, item);
  const { entry, tensors } = await examineModel(context, before, item);
  const after = await findFile(context, name);
  if (after === undefined) return forget(context, item);
  if (after.identity !== before.identity) {
    throw new AppError('SOURCE_CHANGED', `${before.filename} was replaced while it was inspected.`);
  }
  await context.catalogue.put(entry, tensors);
  const { status } = entry;
  return result(item, status, status === 'ready' ? `Model ${name} is ready` : `Model ${name} cannot be read`);
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

async function forget(context: ExporterContext, item: InspectItem): Promise<InspectResult> {
  const name = item.data.model_name;
  await context.catalogue.remove([name]);
  return result(item, 'gone', `Model ${name} is gone`);
}

function result(item: InspectItem, status: InspectResult['status'], message: string): InspectResult {
  return { success: true, message, model_name: item.data.model_name, status, job_id: item.id };
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
