import { describe, expect, it } from 'vitest';
import { checkpointStem, distinctModelName, isCheckpointName, MODEL_NAME, modelNameOf } from './model-names.js';

describe('the model name that a file stands for', () => {
  it.each([
    ['model_v3.pt', 'model_v3'],
    ['final.pth', 'final'],
    ['last.ckpt', 'last'],
    ['pytorch_model.bin', 'pytorch_model'],
    ['model_best.pth.tar', 'model_best'],
    ['final.PT', 'final'],
    ['_old-1.pt', '_old-1'],
    ['final.pt.pt', 'final.pt'],
    ['epoch=3-step=100.pt', 'epoch_3-step_100'],
    ['my model.pt', 'my_model'],
    ['model (1).pt', 'model_1_'],
    ['My best net (final).PTH', 'My_best_net_final_'],
    ['-- new.pt', 'new'],
    ['läufer.pt', 'l_ufer'],
    ['网络 v3.pth', 'v3'],
    ['模型.pt', 'model_f4d35440'],
    ['國際象棋.pt', 'model_1d8e7ab5'],
    ['stats.pt', 'stats_990523e2'],
    ['active.ckpt', 'active_6209b315'],
    ['stats_1.pt', 'stats_1'],
    ['.hidden.pt', 'hidden'],
    ['archive.tar.gz', 'archive.tar.gz'],
    [`${'x'.repeat(300)}.pt`, 'x'.repeat(128)],
  ])('%s is %s', (filename, name) => {
    expect(modelNameOf(filename)).toBe(name);
    expect(name).toMatch(MODEL_NAME);
  });

  it('is another one where that is not enough to tell files apart', () => {
    const filenames = [
      'final.pth',
      'final.ckpt',
      'a b.pt',
      'a  b.pt',
      `${'x'.repeat(200)}.pt`,
      `${'x'.repeat(201)}.pt`,
    ];
    const names = filenames.map(distinctModelName);
    expect(names.slice(0, 2)).toEqual(['final_4c670fd5', 'final_67dcb70d']);
    expect(new Set(names).size).toBe(filenames.length);
    for (const name of names) expect(name).toMatch(MODEL_NAME);
  });
});

it.each(['a.pt', 'a.PTH', 'a b.ckpt', 'a.bin', 'a.pth.tar', '模型.pt'])('%s counts as a checkpoint', (filename) => {
  expect(isCheckpointName(filename)).toBe(true);
});

it.each(['', 'pt', '.pt', '.upload-00', '._model.pt', 'a.tar', 'a.pt.part', 'a.pt.tmp', 'a.onnx', 'a.json', 'a.pt~'])(
  '%j does not count as a checkpoint',
  (filename) => {
    expect(isCheckpointName(filename)).toBe(false);
  },
);

it('takes one extension off a name, if it has one', () => {
  expect(['final.pt', 'final.pth.tar', 'final.pt.pt', 'final'].map(checkpointStem)).toEqual([
    'final',
    'final',
    'final.pt',
    'final',
  ]);
});
