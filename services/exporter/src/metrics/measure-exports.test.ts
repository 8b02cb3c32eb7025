import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ExporterHarness, openHarness } from '../../test-support/exporter-harness.js';
import { exportProcessor } from '../export-model.js';
import { measureExports } from './measure-exports.js';

let harness: ExporterHarness;
beforeEach(async () => {
  harness = await openHarness();
});
afterEach(() => harness.close());

it('counts artifacts and their bytes by format and verification, and none of what failed', async () => {
  const registry = new Registry();
  const measured = measureExports(registry, exportProcessor(harness.context));
  await harness.addModel('model_v1');
  const run = (format: 'onnx' | 'pytorch', verify: 'none' | 'full') =>
    measured(harness.exportItem({ format, options: { opset: 11, verify } }));
  const first = await run('onnx', 'none');
  const second = await run('onnx', 'none');
  const checked = await run('pytorch', 'full');
  await expect(measured(harness.exportItem({ model_name: 'nobody' }))).rejects.toMatchObject({
    code: 'MODEL_NOT_FOUND',
  });
  const text = await registry.metrics();
  const onnx = 'format="onnx",verification="none"';
  const pytorch = 'format="pytorch",verification="full"';
  expect(text).toContain(`caissa_exported_artifacts_total{${onnx}} 2`);
  expect(text).toContain(`caissa_exported_bytes_total{${onnx}} ${first.size_bytes + second.size_bytes}`);
  expect(text).toContain(`caissa_exported_artifacts_total{${pytorch}} 1`);
  expect(text).toContain(`caissa_exported_bytes_total{${pytorch}} ${checked.size_bytes}`);
  expect(text.match(/^caissa_exported_artifacts_total\{/gm)).toHaveLength(2);
});
