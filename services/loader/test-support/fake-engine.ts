import { AppError } from '@caissa/shared/errors';
import {
  type InferenceEngine,
  type InferenceResult,
  type ModelState,
  type ModelStatistics,
  POSITION_FLOATS,
  type ServingModel,
} from '../src/inference/engine.js';

const TOTAL = { count: 2, ns: 3_000 };

const STATISTICS: ModelStatistics = {
  inferenceCount: 7,
  executionCount: 2,
  lastInferenceMs: 1_700_000_000_000,
  success: TOTAL,
  fail: { count: 1, ns: 5 },
  queue: TOTAL,
  computeInput: TOTAL,
  computeInfer: TOTAL,
  computeOutput: TOTAL,
  batches: [{ batchSize: 4, count: 1, ns: 9 }],
};

/** What a fake model answers with: numbers that tell one board from another. */
export function fakeOutputs(boards: Float32Array, count: number): Pick<InferenceResult, 'policy' | 'value'> {
  const policy = new Float32Array(count * POSITION_FLOATS.policy);
  const value = new Float32Array(count);
  for (let row = 0; row < count; row++) {
    let sum = 0;
    for (let i = 0; i < POSITION_FLOATS.board; i++)
      sum += (boards[row * POSITION_FLOATS.board + i] ?? 0) * (1 + (i % 7));
    for (let move = 0; move < POSITION_FLOATS.policy; move++) {
      policy[row * POSITION_FLOATS.policy + move] = -8 + Math.sin(move * 12.9898 + sum);
    }
    value[row] = Math.sin(sum);
  }
  return { policy, value };
}

/** A model that computes nothing. */
export class FakeModel implements ServingModel {
  readonly statistics = STATISTICS;
  readonly name: string;
  readonly version: string;
  readonly generation: number | null;
  /** Positions of each request. */
  readonly asked: number[] = [];
  /** Signals of the requests, in their order. */
  readonly signals: AbortSignal[] = [];
  /** What to do instead of answering. */
  instead: (() => Promise<InferenceResult>) | undefined;

  constructor(name: string, version: string, generation: number | null) {
    this.name = name;
    this.version = version;
    this.generation = generation;
  }

  get active(): boolean {
    return this.generation !== null;
  }

  async infer(boards: Float32Array, count: number, signal?: AbortSignal): Promise<InferenceResult> {
    this.asked.push(count);
    if (signal !== undefined) this.signals.push(signal);
    if (this.instead !== undefined) return this.instead();
    return { ...fakeOutputs(boards, count), generation: this.generation, timing: { queueNs: 1, runNs: 2 } };
  }
}

/** An engine of fake models: `current` (version 3, generation 5) is active, `other` is held, `resting` can be opened. */
export class FakeEngine implements InferenceEngine {
  readonly current = new FakeModel('current', '3', 5);
  readonly models = new Map<string, FakeModel>([['other', new FakeModel('other', '1', null)]]);
  readonly resting = new Set(['resting']);
  active: FakeModel | undefined = this.current;
  /** Name of the model that is active elsewhere while this replica has not opened it. */
  awaited: string | undefined;
  /** Models that are held and not open. */
  readonly lost = new Set<string>();

  find(name: string, version?: string): ServingModel | undefined {
    const model = name === 'active' || name === this.active?.name ? this.active : this.models.get(name);
    return version === undefined || model?.version === version ? model : undefined;
  }

  isAwaited(name: string): boolean {
    return this.awaited !== undefined && (name === 'active' || name === this.awaited);
  }

  isHeld(name: string): boolean {
    return this.models.has(name) || this.lost.has(name);
  }

  async states(): Promise<ModelState[]> {
    const ready = [...(this.active ? [this.active] : []), ...this.models.values()];
    return [
      ...ready.map(({ name, version }) => ({ name, version, state: 'READY' as const, reason: '' })),
      ...[...this.resting].map((name) => ({ name, version: '', state: 'UNAVAILABLE' as const, reason: 'not loaded' })),
    ];
  }

  async load(name: string): Promise<ServingModel> {
    const open = this.find(name);
    if (open !== undefined) return open;
    if (!this.resting.delete(name)) throw new AppError('MODEL_NOT_FOUND', `There is no model ${name}.`);
    const model = new FakeModel(name, '1', null);
    this.models.set(name, model);
    return model;
  }

  async unload(name: string): Promise<void> {
    if (name === this.active?.name) throw new AppError('MODEL_ACTIVE', `${name} is the active model.`);
    if (!this.models.delete(name)) throw new AppError('MODEL_NOT_FOUND', `There is no model ${name}.`);
    this.resting.add(name);
  }
}
