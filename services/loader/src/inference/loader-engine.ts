import type { ModelVersion } from '@caissa/formats';
import type { Activation, SessionState } from '@caissa/registry';
import type { Session } from '@caissa/session';
import { AppError } from '@caissa/shared/errors';
import type { PointerKeeper } from '../activation/pointer-keeper.js';
import { BatchedModel } from './batched-model.js';
import { ACTIVE, type InferenceEngine, type ModelState, type ServingModel, versionText } from './engine.js';
import type { HeldModel, HeldModelContext } from './held-model.js';
import { ModelPool } from './model-pool.js';
import { type InferenceObserver, StatisticsRecorder } from './statistics.js';

/** What a loader answers with. */
export interface EngineContext extends HeldModelContext {
  /** Models that may be open at once, the active one included; at least two. */
  readonly maxSessions: number;
  /** Tells which model is active everywhere, whether or not it is open here. */
  readonly pointer: Pick<PointerKeeper, 'activeName'>;
  /** Versions of the checkpoints of the model folder, as far as they are known. */
  versions?(): Promise<ReadonlyMap<string, ModelVersion | null>>;
  readonly observer?: InferenceObserver;
}

/** The inference engine of a loader: the active model, which the replica keeps, and a pool of others. */
export class LoaderEngine implements InferenceEngine {
  readonly #context: EngineContext;
  readonly #observer: InferenceObserver;
  readonly #pool: ModelPool;
  #active: BatchedModel | undefined;
  /** Of the active model's generation, over all its sessions. */
  #recorder: { readonly generation: number; readonly recorder: StatisticsRecorder } | undefined;
  #positions = 0;

  constructor(context: EngineContext) {
    this.#context = context;
    const { observer } = context;
    this.#observer = {
      ran: (batchSize, runNs) => {
        this.#positions += batchSize;
        observer?.ran(batchSize, runNs);
      },
      succeeded: (totals) => observer?.succeeded(totals),
      failed: () => observer?.failed(),
    };
    const capacity = () => context.maxSessions - (this.#active === undefined ? 0 : 1);
    this.#pool = new ModelPool(context, capacity, this.#observer);
  }

  /** Positions computed since the loader started, by all models. */
  get positionsServed(): number {
    return this.#positions;
  }

  /** Positions that wait to be computed, of all models together. */
  get queuedPositions(): number {
    const held = this.#pool.held.map(({ model }) => model?.queuedPositions ?? 0);
    return held.reduce((sum, positions) => sum + positions, this.#active?.queuedPositions ?? 0);
  }

  /** Sessions that are in use or about to be, the active model's included. */
  get sessionCount(): number {
    return this.#pool.held.length + (this.#active === undefined ? 0 : 1);
  }

  /** Times that the process of a model beside the active one ended unasked. */
  get sessionRestarts(): number {
    return this.#pool.losses;
  }

  /** What is open here, the active model first. */
  get sessions(): SessionState[] {
    const active = this.#readyActive;
    const first = active === undefined ? [] : [{ ...readyState(active), active: true }];
    return [...first, ...this.#pool.held.map((held) => ({ ...stateOf(held), active: false }))].map(
      ({ name, version, state, active }) => ({ name, version, state, active }),
    );
  }

  /** Sends requests for the active model to this one from now on. Its session is ended by the caller. */
  serve({ generation, pointer }: Activation, session: Session): BatchedModel {
    if (this.#recorder?.generation !== generation) {
      this.#recorder = { generation, recorder: new StatisticsRecorder(this.#observer) };
    }
    const { recorder } = this.#recorder;
    const { settings } = this.#context;
    const name = pointer.model_name;
    const version = versionText(pointer.version);
    this.#active = new BatchedModel({ name, version, generation, session, settings, recorder });
    void this.#pool.unload(name).then(() => this.#pool.trim());
    return this.#active;
  }

  /** Refuses requests for the active model from now on. */
  serveNothing(): void {
    this.#active = undefined;
  }

  find(name: string, version?: string): ServingModel | undefined {
    const active = this.#readyActive;
    const model = active !== undefined && isNameOf(name, active) ? active : this.#pool.find(name);
    return version === undefined || model?.version === version ? model : undefined;
  }

  isAwaited(name: string): boolean {
    const { activeName } = this.#context.pointer;
    if (this.#readyActive !== undefined) return false;
    return name === activeName || (name === ACTIVE && activeName !== null);
  }

  isHeld(name: string): boolean {
    return this.#pool.has(name);
  }

  async states(): Promise<ModelState[]> {
    const active = this.#readyActive;
    const open = [...(active === undefined ? [] : [readyState(active)]), ...this.#pool.held.map(stateOf)];
    const isOpen = new Set(open.map(({ name }) => name));
    const [names, versions] = await Promise.all([
      this.#context.models.names(),
      this.#context.versions?.().catch(() => undefined),
    ]);
    for (const name of names.sort()) {
      if (isOpen.has(name)) continue;
      const isLoading = this.#pool.isLoading(name);
      const reason = this.#pool.failureOf(name) ?? 'not loaded';
      const version = versions?.get(name);
      open.push({
        name,
        version: version === undefined ? '' : versionText(version),
        state: isLoading ? 'LOADING' : 'UNAVAILABLE',
        reason: isLoading ? '' : reason,
      });
    }
    return open;
  }

  async load(name: string): Promise<ServingModel> {
    const active = this.#readyActive;
    if (active !== undefined && isNameOf(name, active)) return active;
    if (name === ACTIVE) throw noActiveModel();
    return this.#pool.load(name);
  }

  async unload(name: string): Promise<void> {
    if (this.#active !== undefined && isNameOf(name, this.#active)) {
      throw new AppError('MODEL_ACTIVE', `${this.#active.name} is the active model. Activate another one first.`);
    }
    if (name === ACTIVE) throw noActiveModel();
    if (await this.#pool.unload(name)) return;
    // To end what is not open is no mistake, unless there is no such model at all.
    await this.#context.models.find(name);
  }

  /** Ends the models beside the active one. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  get #readyActive(): BatchedModel | undefined {
    return this.#active?.isReady ? this.#active : undefined;
  }
}

function isNameOf(name: string, active: BatchedModel): boolean {
  return name === ACTIVE || name === active.name;
}

function noActiveModel(): AppError {
  return new AppError('NO_ACTIVE_MODEL', 'No model is active on this loader.');
}

function readyState({ name, version }: BatchedModel): ModelState {
  return { name, version, state: 'READY', reason: '' };
}

function stateOf(held: HeldModel): ModelState {
  const { name, model, version } = held;
  if (model !== undefined) return readyState(model);
  return { name, version, state: held.isOpening ? 'LOADING' : 'UNAVAILABLE', reason: held.problem };
}
