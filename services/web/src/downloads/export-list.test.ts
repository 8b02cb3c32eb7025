import type { ExportSummary } from '@caissa/shared/contracts';
import { describe, expect, it } from 'vitest';
import {
  describeAmount,
  describeReading,
  deviceUsed,
  filterExports,
  parseKeep,
  readExportFilter,
  totalBytes,
} from './export-list';

const MB = 1024 ** 2;

function exported(model: string, format: 'pytorch' | 'onnx', sizeBytes = MB): ExportSummary {
  const filename = `${model}_export_20251007_031138.${format === 'onnx' ? 'onnx' : 'pt'}`;
  return {
    filename,
    format,
    file_size_mb: sizeBytes / MB,
    export_date: '2025-10-07T03:11:38Z',
    metadata: { device_used: 'CPU' },
    warnings: [],
    model_name: model,
    size_bytes: sizeBytes,
    sha256: 'a'.repeat(64),
    download_url: `/api/model/download/${filename}`,
  };
}

const ALL = [exported('Club_v2', 'onnx', 2 * MB), exported('club_v1', 'pytorch', 3 * MB), exported('night', 'onnx')];
const namesOf = (exports: readonly ExportSummary[]) => exports.map(({ model_name: name }) => name);

describe('the filter', () => {
  it('is read from the address, and what is unknown there is none', () => {
    expect(readExportFilter(new URLSearchParams('search=a+b&format=onnx'))).toEqual({ search: 'a b', format: 'onnx' });
    expect(readExportFilter(new URLSearchParams('format=pdf'))).toEqual({ search: '', format: undefined });
  });

  it.each([
    ['', undefined, ['Club_v2', 'club_v1', 'night']],
    ['CLUB', undefined, ['Club_v2', 'club_v1']],
    ['.pt', undefined, ['club_v1']],
    ['', 'onnx', ['Club_v2', 'night']],
    ['  onnx   club ', undefined, ['Club_v2']],
    ['club', 'pytorch', ['club_v1']],
    ['nothing', undefined, []],
  ] as const)('"%s" in format %s', (search, format, names) => {
    expect(namesOf(filterExports(ALL, { search, format }))).toEqual(names);
  });
});

it('adds up sizes', () => {
  expect(totalBytes(ALL)).toBe(6 * MB);
  expect(totalBytes([])).toBe(0);
});

it('says how far it has come while it is made again', () => {
  const list = { success: true, count: 7_700 } as const;
  expect(describeReading({ ...list, complete: false, indexed: 7_700, total: 20_000 })).toBe(
    'Reading the exports folder: 7,700 of 20,000',
  );
  expect(describeReading({ ...list, complete: false, indexed: 0 })).toBe('Reading the exports folder: 0');
  expect(describeReading({ ...list, complete: true })).toBeUndefined();
});

it('says how much there is and how much of it is shown', () => {
  expect(describeAmount(ALL, ALL)).toBe('3 exports, 6.00 MB');
  expect(describeAmount(ALL.slice(0, 1), ALL)).toBe('1 of 3 exports, 2.00 MB');
  expect(describeAmount([], ALL)).toBe('0 of 3 exports');
  expect(describeAmount([], [])).toBe('0 exports');
});

it('knows the device only if the metadata names one', () => {
  expect(deviceUsed({ metadata: { device_used: 'CPU' } })).toBe('CPU');
  expect(deviceUsed({ metadata: {} })).toBeUndefined();
  expect(deviceUsed({ metadata: { device_used: 3 } })).toBeUndefined();
});

it.each([
  ['10', 10],
  [' 0 ', 0],
  ['007', 7],
  ['', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['1e3', undefined],
  ['9999999999', undefined],
])('"%s"', (text, keep) => {
  expect(parseKeep(text)).toBe(keep);
});
