import type { ExportFormat } from './names.js';

// What the command line takes from here must not bring a library with it: it starts and ends within a fraction of a second.

/** File name extension of each format, without the dot. */
export const FORMAT_EXTENSION: Readonly<Record<ExportFormat, string>> = { pytorch: 'pt', onnx: 'onnx' };

/** `{model}_export_{YYYYMMDD_HHMMSS}` in UTC. */
export function exportStem(modelName: string, date: Date): string {
  const digits = date.toISOString().replace(/[-:]/g, '');
  return `${modelName}_export_${digits.slice(0, 8)}_${digits.slice(9, 15)}`;
}

/** A time as the API writes it: ISO 8601 in UTC, whole seconds. */
export function toIsoSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
