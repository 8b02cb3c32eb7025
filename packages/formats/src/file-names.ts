import { type Format, factsOf, formatNames } from './formats.js';

/** What follows the name of an artifact in the name of the file that holds its weights. */
export const DATA_SUFFIX = '.data';

/** Names of the files that an export may have. */
export interface ExportFilenames {
  readonly artifact: string;
  readonly data: string;
  /** Undefined for formats whose metadata is in the artifact alone. */
  readonly metadata: string | undefined;
}

/** `{model}_export_{YYYYMMDD_HHMMSS}` in UTC. */
export function exportStem(modelName: string, date: Date): string {
  const digits = date.toISOString().replace(/[-:]/g, '');
  return `${modelName}_export_${digits.slice(0, 8)}_${digits.slice(9, 15)}`;
}

/** The stem of the nth export of one name, from 1. */
export function numberedStem(stem: string, number: number): string {
  return number === 1 ? stem : `${stem}_${number}`;
}

/** A time as exports state it: ISO 8601 in UTC, whole seconds. */
export function toIsoSeconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** Names of the files of an export of this stem. */
export function exportFilenames(stem: string, format: Format): ExportFilenames {
  const { extension, metadataExtension } = factsOf(format);
  const artifact = `${stem}.${extension}`;
  return {
    artifact,
    data: `${artifact}${DATA_SUFFIX}`,
    metadata: metadataExtension === undefined ? undefined : `${stem}.${metadataExtension}`,
  };
}

/** Name of the artifact that a file belongs to, or is. */
export function artifactOf(filename: string): string {
  if (filename.endsWith(DATA_SUFFIX)) return filename.slice(0, -DATA_SUFFIX.length);
  const owners = formatNames()
    .map(factsOf)
    .flatMap(({ extension, metadataExtension }) =>
      metadataExtension !== undefined && filename.endsWith(`.${metadataExtension}`)
        ? [`${filename.slice(0, -metadataExtension.length)}${extension}`]
        : [],
    );
  // Of `json` and `x.json` the longer one is meant, which leaves the shorter name.
  return owners.sort((one, other) => one.length - other.length)[0] ?? filename;
}

/** Media type that a file of an export is downloaded with: metadata can be looked at, models cannot. */
export function mediaTypeOf(filename: string): string {
  return filename.endsWith('.json') ? 'application/json; charset=utf-8' : 'application/octet-stream';
}

/** What the names of all files of exports end with. */
export function exportFilenamePattern(): RegExp {
  const extensions = formatNames()
    .map(factsOf)
    .flatMap(({ extension, dataAbove, metadataExtension = [] }) => [
      extension,
      dataAbove === undefined ? [] : `${extension}${DATA_SUFFIX}`,
      metadataExtension,
    ])
    .flat()
    .map((extension) => extension.replaceAll('.', '\\.'));
  return new RegExp(`_export_\\d{8}_\\d{6}(_\\d+)?\\.(${extensions.join('|')})$`);
}
