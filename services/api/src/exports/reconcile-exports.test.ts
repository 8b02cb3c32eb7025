import type { ExportIndex } from '@caissa/registry';
import { createLogger } from '@caissa/shared/process';
import type { ArtifactStore } from '@caissa/storage';
import { eventually } from '@caissa/testing/eventually';
import { expect, it } from 'vitest';
import { ExportReconciler } from './reconcile-exports.js';

it('a comparison under way is made once more when Redis is back: it may have seen what is lost since', async () => {
  let compared = 0;
  let end = () => {};
  const exports = {
    reconcile: () => {
      compared++;
      return new Promise<void>((resolve) => {
        end = resolve;
      });
    },
    completeness: async () => ({ complete: true }),
  } as unknown as ExportIndex;
  const reconciler = new ExportReconciler({
    exports,
    store: {} as ArtifactStore,
    logger: createLogger('test', 'silent'),
  });
  reconciler.start();
  await eventually('it compares', () => compared === 1);
  reconciler.startOver();
  reconciler.startOver();
  end();
  await eventually('it compares once more', () => compared === 2);
  const stopped = reconciler.stop();
  end();
  await stopped;
  expect(compared).toBe(2);
});
