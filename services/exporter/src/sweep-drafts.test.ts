import { setTimeout as delay } from 'node:timers/promises';
import { enqueue, newJobId, runWorker, showJob } from '@caissa/queue';
import { begin } from '@caissa/testing/publish-artifact';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ExporterHarness, openHarness } from '../test-support/exporter-harness.js';
import { exportProcessor } from './export-model.js';
import { sweepDrafts } from './sweep-drafts.js';

let harness: ExporterHarness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

const DATA = { model_name: 'm', format: 'onnx', metadata: {}, options: { opset: 11, verify: 'none' } } as const;

describe('sweepDrafts', () => {
  it('removes drafts of jobs that are over or unknown, and no others', async () => {
    const { jobs, context, worker } = harness;
    await harness.addModel('m');
    const { job: waiting } = await enqueue(jobs, 'export', DATA);
    const drafts = [await begin(context.store, waiting.id ?? ''), await begin(context.store, newJobId('export'))];
    await sweepDrafts(context.store, jobs.queues, worker.logger);
    expect(await harness.exportedFiles()).toEqual([expect.stringContaining(waiting.id ?? 'none')]);

    const running = runWorker(worker, 'export', exportProcessor(context), 1);
    while ((await showJob(jobs, waiting.id ?? '')).status !== 'completed') await delay(20);
    await running.close();
    drafts.push(await begin(context.store, waiting.id ?? ''));
    await sweepDrafts(context.store, jobs.queues, worker.logger);
    expect((await harness.exportedFiles()).filter((name) => name.startsWith('.'))).toEqual([]);
    for (const draft of drafts) await draft.abort();
  });
});
