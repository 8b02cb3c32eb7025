import { describe, expect, it } from 'vitest';
import { modelNameOf } from './uploads';

describe('the name of an uploaded model', () => {
  it.each([
    ['model_v3.pt', 'model_v3'],
    ['My best net (final).PTH', 'My_best_net_final_'],
    ['.hidden.pt', 'hidden'],
    ['läufer.pt', 'l_ufer'],
    ['archive.tar.gz', 'archive.tar.gz'],
    ['.pt', 'model'],
    ['國際象棋.pt', 'model'],
    [`${'x'.repeat(300)}.pt`, 'x'.repeat(128)],
  ])('of %s is %s', (filename, name) => {
    expect(modelNameOf(filename)).toBe(name);
    expect(name).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/);
  });
});
