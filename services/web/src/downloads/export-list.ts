import { type Format, isFormat } from '@caissa/formats';
import type { ExportList, ExportSummary } from '@caissa/shared/contracts';
import { formatCount, formatSize, plural } from '../format/number';

/** What a list of exports is narrowed down to. */
export interface ExportFilter {
  /** Part of a file's or a model's name, in upper or lower case. Several words must all be found. */
  readonly search: string;
  readonly format: Format | undefined;
}

/** Reads the filter from the parameters of an address. */
export function readExportFilter(params: URLSearchParams): ExportFilter {
  const format = params.get('format') ?? '';
  return { search: params.get('search') ?? '', format: isFormat(format) ? format : undefined };
}

/** The exports that a filter lets through, in their order. */
export function filterExports(exports: readonly ExportSummary[], { search, format }: ExportFilter): ExportSummary[] {
  const words = search.toLowerCase().split(/\s+/);
  return exports.filter((one) => {
    if (format !== undefined && one.format !== format) return false;
    const names = `${one.filename} ${one.model_name}`.toLowerCase();
    return words.every((word) => names.includes(word));
  });
}

/** Bytes of some exports together. */
export function totalBytes(files: readonly { readonly size_bytes: number }[]): number {
  return files.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
}

/** Bytes of an export: of the model, and of the file that holds its weights where that is another. */
export function exportBytes(one: Pick<ExportSummary, 'size_bytes' | 'data_size_bytes'>): number {
  return one.size_bytes + (one.data_size_bytes ?? 0);
}

/** How many exports there are and the space they take: "24 exports, 1.21 GB", "3 of 24 exports, 86.70 MB". */
export function describeAmount(shown: readonly ExportSummary[], all: readonly ExportSummary[]): string {
  const count = plural(all.length, 'export');
  const amount = shown.length === all.length ? count : `${shown.length} of ${count}`;
  return shown.length === 0
    ? amount
    : `${amount}, ${formatSize(shown.reduce((sum, one) => sum + exportBytes(one), 0))}`;
}

/** How far the list of exports has come, as long as it is not complete: "Reading the exports folder: 7,700 of 20,000". */
export function describeReading({ complete, indexed = 0, total }: Omit<ExportList, 'exports'>): string | undefined {
  if (complete) return undefined;
  const of = total === undefined ? '' : ` of ${formatCount(total)}`;
  return `Reading the exports folder: ${formatCount(indexed)}${of}`;
}

/** The device that an export was made on, where its metadata says so. */
export function deviceUsed({ metadata }: Pick<ExportSummary, 'metadata'>): string | undefined {
  const device = metadata['device_used'];
  return typeof device === 'string' && device !== '' ? device : undefined;
}

/** The number of exports to keep that was typed; undefined if the text is not a number. */
export function parseKeep(text: string): number | undefined {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined;
}
