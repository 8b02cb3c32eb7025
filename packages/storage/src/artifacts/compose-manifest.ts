import { createHash } from 'node:crypto';
import type { ExportFilenames } from '@caissa/formats';
import type { ManifestDraft } from './artifact-store.js';
import type { Manifest } from './manifest.js';

/** Size and digest of a file. */
export interface FileFacts {
  readonly size_bytes: number;
  readonly sha256: string;
}

/** What a manifest is made of. */
export interface ManifestParts {
  readonly filenames: ExportFilenames;
  readonly file: FileFacts;
  /** The weights, where they are a file of their own. */
  readonly data: FileFacts | undefined;
  readonly draft: ManifestDraft;
}

/** The manifest of an artifact, and its metadata as users download it. */
export function composeManifest(parts: ManifestParts): { manifest: Manifest; metadata: string } {
  const { filenames, file, data, draft } = parts;
  const metadata = toJsonText(draft.metadata);
  const manifest: Manifest = {
    schema_version: 1,
    ...draft,
    filename: filenames.artifact,
    ...file,
    ...(data ? { data_file: { filename: filenames.data, ...data } } : {}),
    ...(filenames.metadata === undefined
      ? {}
      : { metadata_file: { filename: filenames.metadata, ...factsOf(metadata) } }),
  };
  return { manifest, metadata };
}

/** JSON as a person can read it. */
export function toJsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

/** Size and digest of what is in memory. */
export function factsOf(content: string | Uint8Array): FileFacts {
  return { size_bytes: Buffer.byteLength(content), sha256: createHash('sha256').update(content).digest('hex') };
}
