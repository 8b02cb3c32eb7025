import { describe, expect, test } from 'vitest';
import { artifactOf, exportFilenamePattern, exportFilenames, exportStem, toIsoSeconds } from './file-names.js';
import { formatNames } from './formats.js';

test('exportStem writes the time in UTC', () => {
  expect(exportStem('model_v1', new Date('2025-10-07T03:11:38.999Z'))).toBe('model_v1_export_20251007_031138');
  expect(exportStem('m', new Date('2025-01-01T00:30:00+02:00'))).toBe('m_export_20241231_223000');
});

test('toIsoSeconds drops fractions', () => {
  expect(toIsoSeconds(new Date('2025-10-07T03:11:38.999Z'))).toBe('2025-10-07T03:11:38Z');
});

const STEM = 'model_v1_export_20251007_031138';

describe('the files of an export', () => {
  test('are named after its stem', () => {
    expect(exportFilenames(STEM, 'pytorch').artifact).toBe(`${STEM}.pt`);
    expect(exportFilenames(STEM, 'pytorch').metadata).toBeUndefined();
    expect(exportFilenames(STEM, 'onnx')).toEqual({
      artifact: `${STEM}.onnx`,
      data: `${STEM}.onnx.data`,
      metadata: `${STEM}.json`,
    });
  });

  test.each(formatNames())('lead to their artifact (%s)', (format) => {
    const { artifact, data, metadata = artifact } = exportFilenames(STEM, format);
    expect([artifact, data, metadata].map(artifactOf)).toEqual([artifact, artifact, artifact]);
  });

  test('are told from other files, and those of one format from those of another', () => {
    const names = formatNames().flatMap((format) => {
      const { artifact, metadata = [] } = exportFilenames(STEM, format);
      return [artifact, metadata].flat();
    });
    expect(new Set(names).size).toBe(names.length);
    const pattern = exportFilenamePattern();
    for (const name of [...names, `${STEM}_2.onnx`, `${STEM}.onnx.data`]) expect(name).toMatch(pattern);
    for (const name of [`${STEM}.txt`, `${STEM}.onnx.manifest.json`, `${STEM}xpt`, 'notes.json', `${STEM}.pt.data`]) {
      expect(name).not.toMatch(pattern);
    }
  });
});
