import { checkExpected, type ExpectedArchitecture } from '@caissa/chess';
import { conversionFailure, VerificationError, withSource } from '@caissa/conversion';
import type { ModelFacts } from '@caissa/registry';
import type { Session } from '@caissa/session';
import type { ActivationChecks, JobProgress } from '@caissa/shared/contracts';
import { AppError, namedError } from '@caissa/shared/errors';
import type { TaskControl } from '@caissa/shared/tasks';
import type { ModelSource, ModelStore } from '@caissa/storage';
import type { CheckpointTasks, ReadRequest } from '../tasks/checkpoint-tasks.js';
import type { ConvertedModels } from './converted-models.js';
import { PERCENT } from './percent.js';
import type { SessionShelf } from './session-shelf.js';
import type { SourceDigests } from './source-digests.js';
import { proveModel, type StartContext, startModel } from './start-model.js';

/** What opening a model needs. */
export interface OpenContext extends StartContext {
  readonly models: ModelStore;
  readonly converted: ConvertedModels;
  readonly digests: SourceDigests;
  readonly shelf: SessionShelf;
  /** All that opens a checkpoint, here or in processes that can be stopped. */
  readonly tasks: CheckpointTasks;
}

/** How to open a model. */
export interface OpenRequest {
  readonly signal: AbortSignal;
  /** What the network of a checkpoint must be. */
  readonly expected?: ExpectedArchitecture;
  /** SHA-256 of the checkpoint that is meant, which may be gone as long as there is the model that was converted from it. */
  readonly onlyIf?: string;
  report?(progress: JobProgress): void;
}

/** A model that is open and has answered sensibly. */
export interface OpenedModel extends ModelFacts {
  readonly session: Session;
  readonly checks: ActivationChecks;
  /** Digest of the checkpoint. */
  readonly sha256: string;
  /** State of the checkpoint's file; unknown if the file was not looked at. */
  readonly identity?: string;
}

/**
 * Opens a model of the model folder in the cheapest way there is: a session that is still open, the model that was
 * converted before, or a conversion.
 * @throws AppError MODEL_NOT_FOUND, MODEL_GONE if the file is not the one that is meant, and others with the file's name;
 * the signal's reason
 */
export async function openModel(context: OpenContext, name: string, request: OpenRequest): Promise<OpenedModel> {
  const { onlyIf: sha256, signal } = request;
  request.report?.({ stage: 'opening', percent: PERCENT.opening });
  // Until the file is open, it is called by its model.
  let called = name;
  try {
    const ready = sha256 === undefined ? undefined : await openRemembered(context, sha256, { signal });
    return (
      ready ??
      (await withSource(openSource(context, name, request), (source) => {
        called = source.filename;
        return openCheckpointModel(context, name, source, request);
      }))
    );
  } catch (error) {
    const isGone = error instanceof AppError && error.code === 'MODEL_GONE';
    const unproven =
      isGone && sha256 !== undefined && (await openRemembered(context, sha256, { signal, unproven: true }));
    if (unproven) return unproven;
    throw namedError(error, conversionFailure(error), called);
  }
}

/** Opens the model that was converted from a checkpoint, of which nothing else is needed. */
async function openRemembered(
  context: OpenContext,
  sha256: string,
  how: ReadyOptions,
): Promise<OpenedModel | undefined> {
  // Before there is a session: if the disk fails, none must stay open.
  const facts = await context.converted.factsOf(sha256);
  const ready = await openReady(context, sha256, how);
  return ready && { ...ready, ...facts, sha256 };
}

function openSource({ models }: OpenContext, name: string, { onlyIf }: OpenRequest): Promise<ModelSource> {
  return models.open(name).catch((error: unknown) => {
    const isGone = onlyIf !== undefined && error instanceof AppError && error.code === 'MODEL_NOT_FOUND';
    throw isGone ? replaced(name) : error;
  });
}

async function openCheckpointModel(
  context: OpenContext,
  name: string,
  source: ModelSource,
  request: OpenRequest,
): Promise<OpenedModel> {
  const { signal, expected, onlyIf, report = () => {} } = request;
  const digest = () => context.digests.of(name, source, signal);
  // Another file than is meant need not be a model at all.
  if (onlyIf !== undefined && (await digest()) !== onlyIf) throw replaced(name);
  const { filename, identity } = source;
  const file = { modelName: name, filename, identity };
  // What it makes goes by the digest of the checkpoint: whoever makes it, it is the same.
  const control: TaskControl = { signal, report, confirm: async () => undefined };
  const { architecture, version, metadata } = await context.tasks.describe(file, control);
  if (expected !== undefined) checkExpected(architecture, expected);
  const sha256 = await digest();
  report({ stage: 'converting', percent: PERCENT.converting });
  const facts = { version, metadata, sha256 };
  const opened = (await openReady(context, sha256, { signal })) ?? (await convert(context, facts, file, control));
  return { ...opened, ...facts, identity };
}

type Ready = Pick<OpenedModel, 'session' | 'checks'>;

interface ReadyOptions {
  readonly signal: AbortSignal;
  /** Whether a converted model will do of which nobody kept its bytes' digest, as its checkpoint is gone. */
  readonly unproven?: boolean;
}

/**
 * Opens a model without its checkpoint, if it can be. A converted model that does not work was damaged on the disk, and
 * a session that was kept and does not answer any more is no loss.
 */
async function openReady(
  context: OpenContext,
  sha256: string,
  { signal, unproven = false }: ReadyOptions,
): Promise<Ready | undefined> {
  const { converted, shelf } = context;
  const shelved = shelf.take(sha256);
  if (shelved !== undefined) {
    const kept = await proveModel(shelved, { signal, proof: 'proven' }).catch(() => undefined);
    if (kept !== undefined) return withOrigin(kept, false);
    signal.throwIfAborted();
  }
  const path = await converted.find(sha256);
  if (path === undefined) return undefined;
  const state = await converted.stateOf(sha256);
  try {
    // The digest is computed while the process starts; if that fails first, nobody asks for it.
    const proof = converted.proofOf(sha256);
    proof.catch(() => undefined);
    const started = await startModel(context, path, { signal, proof });
    const found = await proof;
    if (found === 'proven' || (found === 'unknown' && unproven)) return withOrigin(started, false);
    await started.session.close();
    return undefined;
  } catch (error) {
    if (!(error instanceof VerificationError)) throw error;
    await converted.discard(sha256, state);
    return undefined;
  }
}

/** Converts a checkpoint, opens what came of it, and keeps that it was compared. */
async function convert(
  context: OpenContext,
  { sha256, ...facts }: ModelFacts & { readonly sha256: string },
  file: ReadRequest,
  control: TaskControl,
): Promise<Ready> {
  const { converted, tasks } = context;
  const { signal, report } = control;
  const path = converted.pathOf(sha256);
  const { onnxSha256, outputs } = await tasks.convert({ ...file, path }, control);
  const state = await converted.stateOf(sha256);
  report({ stage: 'warming_up', percent: PERCENT.warming_up });
  const reference = { outputs, measureNoise: () => tasks.measureNoise(file, control) };
  const started = await startModel(context, path, { signal, reference }).catch(async (error: unknown) => {
    if (error instanceof VerificationError) await converted.discard(sha256, state);
    throw error;
  });
  await converted.remember(sha256, facts, onnxSha256).catch(async (error: unknown) => {
    await started.session.close();
    throw error;
  });
  return withOrigin(started, true);
}

function withOrigin({ session, checks }: Awaited<ReturnType<typeof startModel>>, converted: boolean): Ready {
  return { session, checks: { ...checks, converted } };
}

function replaced(name: string): AppError {
  return new AppError(
    'MODEL_GONE',
    `The file of model ${name} is no longer the one that was activated. Load a model again.`,
  );
}
