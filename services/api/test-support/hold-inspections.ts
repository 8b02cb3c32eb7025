import { enqueue, type WorkItem } from '@caissa/queue';
import type { InspectResult } from '@caissa/shared/contracts';
import { eventually } from '@caissa/testing/eventually';
import type { TestApi } from './start-test-api.js';

/** An inspection that a worker of a test holds until the test ends it. */
interface HeldJob {
  readonly item: WorkItem<'inspect'>;
  finish(error?: Error): void;
}

/** Inspections that are held, so that a test decides when each goes on. */
export interface HeldInspections {
  /** Those that are at work, by model name. */
  readonly held: Map<string, HeldJob>;
  /** Queues one more. */
  start(): Promise<{ id: string; name: string }>;
  /** Waits until the inspection of a model is at work. */
  atWork(name: string): Promise<HeldJob>;
  finishAll(): void;
}

/** Lets a worker take inspections, at most `concurrency` at once, and hold them. */
export function holdInspections(api: TestApi, concurrency: number): HeldInspections {
  const held = new Map<string, HeldJob>();
  let count = 0;
  const hold = (item: WorkItem<'inspect'>): Promise<InspectResult> =>
    new Promise((resolve, reject) => {
      const { model_name } = item.data;
      const result = { success: true, message: 'done', model_name, status: 'ready', job_id: item.id } as const;
      item.signal.addEventListener('abort', () => reject(item.signal.reason));
      held.set(model_name, { item, finish: (error) => (error ? reject(error) : resolve(result)) });
    });
  api.work('inspect', hold, concurrency);
  return {
    held,
    async start() {
      const name = `job${count++}`;
      const { job } = await enqueue(api.context.jobs, 'inspect', { model_name: name, identity: 'x' });
      return { id: job.id ?? '', name };
    },
    atWork: (name) => eventually(`${name} is at work`, () => held.get(name)),
    finishAll() {
      for (const { finish } of held.values()) finish();
    },
  };
}
