import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodePositions, initialStateDict, VERIFICATION_POSITIONS } from '@caissa/chess';
import { OrderedDict, PyDict } from '@caissa/pytorch';
import type { Session } from '@caissa/session';
import { createLogger } from '@caissa/shared/process';
import { LocalModelStore } from '@caissa/storage';
import { SMALL, saved, smallRoot } from '@caissa/testing/small-checkpoint';
import { expect } from 'vitest';
import type { BatchSettings } from '../src/inference/batch-policy.js';
import { BatchedModel } from '../src/inference/batched-model.js';
import { POSITION_FLOATS } from '../src/inference/engine.js';
import { type EngineContext, LoaderEngine } from '../src/inference/loader-engine.js';
import type { OutputRows } from '../src/inference/pending-request.js';
import type { Kept } from '../src/inference/session-keeper.js';
import { StatisticsRecorder } from '../src/inference/statistics.js';
import { ConvertedModels } from '../src/models/converted-models.js';
import { openModel } from '../src/models/open-model.js';
import { SessionShelf } from '../src/models/session-shelf.js';
import { SourceDigests } from '../src/models/source-digests.js';
import { inProcessTasks } from '../src/tasks/in-process-tasks.js';

/** Settings as the loader has them by default. */
const SETTINGS: BatchSettings = { maxBatch: 64, maxDelayMs: 2, maxQueuedPositions: 4096 };

/** A folder of small models, and sessions of them that are ended with it. */
export type EngineHarness = Awaited<ReturnType<typeof openEngineHarness>>;

/** Opens a harness; `close` ends everything it opened. */
export async function openEngineHarness() {
  const folder = await mkdtemp(join(tmpdir(), 'caissa-engine-'));
  const modelsFolder = join(folder, 'models');
  await mkdir(modelsFolder);
  const activeFolder = join(folder, 'active');
  const closers: (() => Promise<void>)[] = [];
  const models = await LocalModelStore.open(modelsFolder);
  const context: EngineContext = {
    models,
    tasks: inProcessTasks({ models }),
    converted: await ConvertedModels.open(activeFolder),
    digests: new SourceDigests({ get: async () => undefined }),
    shelf: new SessionShelf(() => 0),
    intraOpThreads: 1,
    logger: createLogger('test', 'silent'),
    settings: SETTINGS,
    maxSessions: 3,
    pointer: { activeName: null },
  };

  const openSession = async (name: string): Promise<Session> => {
    const { session } = await openModel(context, name, { signal: new AbortController().signal });
    closers.push(() => session.close());
    return session;
  };
  return {
    modelsFolder,
    activeFolder,
    context,
    openSession,
    /** Writes a checkpoint, small unless said otherwise, whose weights follow from the seed. */
    async addModel(name: string, seed = 1, { channels, blocks } = SMALL): Promise<void> {
      const stateDict = new OrderedDict();
      for (const [key, tensor] of initialStateDict({ ...SMALL, channels, blocks }, seed)) stateDict.set(key, tensor);
      const root = smallRoot(stateDict);
      root.set('architecture', new PyDict([['num_channels', channels]]));
      const source = await saved(root);
      const bytes = new Uint8Array(source.sizeBytes);
      await source.readInto(bytes, 0);
      await writeFile(join(modelsFolder, `${name}.pt`), bytes);
    },
    async openModel(name: string, settings: Partial<BatchSettings> = {}) {
      const session = await openSession(name);
      const model = new BatchedModel({
        name,
        version: '7',
        generation: 5,
        session,
        settings: { ...SETTINGS, ...settings },
        recorder: new StatisticsRecorder(),
      });
      return { model, session };
    },
    openEngine(change: Partial<EngineContext> = {}): LoaderEngine {
      const engine = new LoaderEngine({ ...context, ...change });
      closers.push(() => engine.close());
      return engine;
    },
    /** Makes a model the one that an engine answers with as the active one. */
    async serve(engine: LoaderEngine, name: string, generation: number): Promise<Kept> {
      const pointer = {
        model_name: name,
        version: generation,
        source_sha256: '0'.repeat(64),
        metadata: {},
        load_date: '2025-10-06T00:00:00Z',
        job_id: `job-${generation}`,
      };
      const session = await openSession(name);
      return { session, model: engine.serve({ generation, pointer }, session) };
    },
    async close(): Promise<void> {
      await Promise.all(closers.map((close) => close()));
      await rm(folder, { recursive: true });
    },
  };
}

/** Planes of `count` positions, no two alike: [count, 14, 8, 8]. */
export function somePositions(count: number, seed = 0): Float32Array {
  const encoded = encodePositions(VERIFICATION_POSITIONS);
  const kinds = encoded.length / POSITION_FLOATS.board;
  const boards = new Float32Array(count * POSITION_FLOATS.board);
  for (let index = 0; index < count; index++) {
    const kind = (index + seed) % kinds;
    const board = encoded.subarray(kind * POSITION_FLOATS.board, (kind + 1) * POSITION_FLOATS.board);
    boards.set(board, index * POSITION_FLOATS.board);
    boards[index * POSITION_FLOATS.board] = (index + seed * 100) / 1000;
  }
  return boards;
}

/** One position of several. */
export function boardAt(boards: Float32Array, index: number): Float32Array {
  return boards.subarray(index * POSITION_FLOATS.board, (index + 1) * POSITION_FLOATS.board);
}

/** What a session answers for each position alone. */
export async function oneByOne(session: Session, boards: Float32Array): Promise<OutputRows[]> {
  const rows: OutputRows[] = [];
  for (let index = 0; index < boards.length / POSITION_FLOATS.board; index++) {
    const outputs = await session.run({ board_input: { data: boardAt(boards, index), shape: [1, 14, 8, 8] } });
    const { policy_output: policy, value_output: value } = outputs;
    if (policy === undefined || value === undefined) throw new Error('an output is missing');
    rows.push({ policy: policy.data, value: value.data });
  }
  return rows;
}

/** Expects row `index` of some outputs to be this one, within 1e-5. */
export function expectRow(outputs: OutputRows, index: number, expected: OutputRows | undefined): void {
  const from = index * POSITION_FLOATS.policy;
  const policy = outputs.policy.subarray(from, from + POSITION_FLOATS.policy);
  const differences = policy.map((value, move) => Math.abs(value - (expected?.policy[move] ?? Number.NaN)));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1e-5);
  expect(Math.abs((outputs.value[index] ?? Number.NaN) - (expected?.value[0] ?? Number.NaN))).toBeLessThanOrEqual(1e-5);
}
