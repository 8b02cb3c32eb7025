import { expect, it } from 'vitest';
import { type ArtifactRequest, metadataInFile } from './artifact-metadata.js';

const request: ArtifactRequest = {
  modelName: 'model_v1',
  format: 'pytorch',
  metadata: {},
  verify: 'none',
  opset: 11,
  exportDate: '2025-10-07T03:11:38Z',
};
const origin = { sha256: 'a'.repeat(64), warnings: [] };
const warnings = ['config.phase is kept as plain values, not as an object.'];

it('metadata say which weights were asked for, and what was found in their file', () => {
  expect(metadataInFile({ ...request, weights: 'ema.module' }, { ...origin, warnings })).toMatchObject({
    weights_path: 'ema.module',
    warnings,
  });
});

it('metadata have no entry for what there was not', () => {
  const names = Object.keys(metadataInFile(request, origin));
  expect(names).not.toContain('weights_path');
  expect(names).not.toContain('warnings');
});
