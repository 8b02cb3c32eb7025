import { createHash } from 'node:crypto';
import { appendFile, copyFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@caissa/shared/errors';
import type { ArtifactDraft, ArtifactStore } from '@caissa/storage';
import { fixturePath } from '@caissa/testing/fixtures';
import { savedWith, smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ExporterHarness, inThisProcess, openHarness } from '../test-support/exporter-harness.js';
import { exportProcessor } from './export-model.js';
import type { TaskContext } from './tasks/checkpoint-tasks.js';

let harness: ExporterHarness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());
beforeEach(async () => {
  for (const name of await harness.exportedFiles()) await rm(join(harness.exportsFolder, name));
  await harness.addModel('model_v1');
});

const createdAt = new Date('2025-10-07T03:11:38.250Z');
const run = (
  item: ReturnType<ExporterHarness['exportItem']>,
  change: Partial<ExporterHarness['context'] & TaskContext> = {},
) => exportProcessor(inThisProcess({ ...harness.context, ...change }))(item);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('an export job that fails', () => {
  async function expectRefusal(item: ReturnType<ExporterHarness['exportItem']>, code: string): Promise<AppError> {
    const error = await run(item).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code });
    expect(await harness.exportedFiles()).toEqual([]);
    return error as AppError;
  }

  it.each([['torchscript.pt', 'TORCHSCRIPT']])('refuses %s', async (name, code) => {
    await copyFile(fixturePath(name), harness.modelPath('model_v1'));
    const { message } = await expectRefusal(harness.exportItem({}), code);
    expect(message).toMatch(/^model_v1\.pt: /);
  });

  it.each(['pytorch', 'onnx'] as const)('refuses weights that are not finite (%s)', async (format) => {
    const source = await savedWith('value_fc1.weight', 3, Number.NaN);
    const bytes = new Uint8Array(source.sizeBytes);
    await source.readInto(bytes, 0);
    await writeFile(harness.modelPath('model_v1'), bytes);
    const { message } = await expectRefusal(harness.exportItem({ format }), 'NON_FINITE_WEIGHTS');
    expect(message).toMatch(/^model_v1\.pt: value_fc1\.weight/);
  });

  it('refuses a network of which a part is missing', async () => {
    const stateDict = smallStateDict();
    stateDict.delete('value_fc2.weight');
    await harness.addModel('model_v1', smallRoot(stateDict));
    await expectRefusal(harness.exportItem({}), 'ARCHITECTURE_MISMATCH');
  });

  it('does not know a model that is not there', async () => {
    await expectRefusal(harness.exportItem({ model_name: 'missing' }), 'MODEL_NOT_FOUND');
  });

  it.each(['pytorch', 'onnx'] as const)('stops in the middle when it is cancelled (%s)', async (format) => {
    const controller = new AbortController();
    const reason = new AppError('CANCELLED', 'The job was cancelled.');
    const onReport = ({ percent }: { percent: number }) => percent > 10 && controller.abort(reason);
    const item = harness.exportItem({ format }, { signal: controller.signal, onReport });
    await expectRefusal(item, 'CANCELLED');
    expect(item.reports.some(({ stage }) => stage === 'publishing')).toBe(false);
  });

  it('is to be tried again when the file was written to meanwhile', async () => {
    const onReport = ({ stage }: { stage: string }) => stage === 'verifying' && appendFileNow();
    let appended: Promise<void> | undefined;
    const appendFileNow = () => {
      appended ??= appendFile(harness.modelPath('model_v1'), 'x');
    };
    const item = harness.exportItem({ options: { opset: 11, verify: 'quick' } }, { onReport });
    const { retryable } = await expectRefusal(item, 'SOURCE_CHANGED');
    expect(retryable).toBe(true);
    await appended;
  });

  it('exports the file that it opened when another one takes its name', async () => {
    const before = sha256(await readFile(harness.modelPath('model_v1')));
    await harness.addModel('other', smallRoot());
    let replaced: Promise<void> | undefined;
    const onReport = ({ stage }: { stage: string }) => {
      if (stage === 'converting') replaced ??= rename(harness.modelPath('other'), harness.modelPath('model_v1'));
    };
    const { metadata } = await run(harness.exportItem({ format: 'pytorch' }, { onReport, createdAt }));
    await replaced;
    expect(metadata['source_sha256']).toBe(before);
  });

  /** The store of the harness, with every draft changed before it is written to. */
  function storeWith(change: (draft: ArtifactDraft) => void): ArtifactStore {
    return new Proxy(harness.context.store, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key);
        if (typeof value !== 'function') return value;
        if (key !== 'begin') return value.bind(target);
        return async (...args: Parameters<typeof target.begin>) => {
          const draft = await target.begin(...args);
          change(draft);
          return draft;
        };
      },
    });
  }

  it.each(['pytorch', 'onnx'] as const)('leaves nothing when other bytes were written (%s)', async (format) => {
    // In the ONNX file it is the bias of the policy: this small network's outputs do not depend on every weight.
    const from = (length: number) => (format === 'onnx' ? length - 18_000 : length >> 2);
    const store = storeWith((draft) => {
      const write = draft.write.bind(draft);
      // The bytes come to the sink, which otherwise reads most of them from the checkpoint.
      Object.defineProperty(draft, 'writePieces', { value: undefined });
      draft.write = (chunk) => write(chunk.fill(0, from(chunk.length), from(chunk.length) + 6_000));
    });
    const item = harness.exportItem({ format, options: { opset: 11, verify: 'full' } });
    await expect(run(item, { store })).rejects.toMatchObject({
      code: 'VERIFICATION_FAILED',
      message: expect.stringMatching(/^model_v1\.pt: /),
    });
    expect(await harness.exportedFiles()).toEqual([]);
  });

  it('leaves nothing when publishing fails', async () => {
    const store = storeWith((draft) => {
      draft.commit = () => Promise.reject(new AppError('STORAGE_FULL', 'The disk is full.'));
    });
    await expect(run(harness.exportItem({}), { store })).rejects.toMatchObject({ code: 'STORAGE_FULL' });
    expect(await harness.exportedFiles()).toEqual([]);
  });

  it('publishes and notes nothing once another worker has the job, and prunes nothing', async () => {
    const lost = new AppError('JOB_LOST', 'Another worker has this job now.');
    const before = await harness.context.exports.newestFirst();
    const item = harness.exportItem({ format: 'pytorch' }, { confirm: () => Promise.reject(lost), firstAttempt: true });
    await expect(run(item)).rejects.toMatchObject({ code: 'JOB_LOST' });
    expect(await harness.exportedFiles()).toEqual([]);
    let asked = 0;
    const late = async () => {
      if (++asked > 1) throw lost;
    };
    const other = harness.exportItem({ format: 'pytorch' }, { confirm: late, firstAttempt: true });
    await expect(run(other, { keepRecentExports: 1 })).rejects.toMatchObject({ code: 'JOB_LOST' });
    expect(await harness.context.exports.newestFirst()).toEqual(before);
  });
});
