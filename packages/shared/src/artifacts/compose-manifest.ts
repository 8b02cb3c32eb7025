import { createHash } from 'node:crypto';
import { DATA_SUFFIX } from './artifact-names.js';
import type { ManifestDraft } from './artifact-store.js';
import type { Manifest } from './manifest.js';

/** Size and digest of a file. */
export interface FileFacts {
  readonly size_bytes: number;
  readonly sha256: string;
}

/** What a manifest is made of. */
export interface ManifestParts {
  /** Name of the artifact without its extension, and with it. */
  readonly stem: string;
  readonly filename: string;
  readonly file: FileFacts;
  /** The weights, where they are a file of their own. */
  readonly data: FileFacts | undefined;
  readonly draft: ManifestDraft;
  /** Whether the metadata is a file of its own too. */
  readonly metadataFile: boolean;
}

/** The manifest of an artifact, and its metadata as users download it. */
export function composeManifest(parts: ManifestParts): { manifest: Manifest; metadata: string } {
  const { stem, filename, file, data, draft, metadataFile } = parts;
  const metadata = toJsonText(draft.metadata);
  const manifest: Manifest = {
    schema_version: 1,
    ...draft,
    filename,
    ...file,
    ...(data ? { data_file: { filename: `${filename}${DATA_SUFFIX}`, ...data } } : {}),
    ...(metadataFile ? { metadata_file: { filename: `${stem}.json`, ...factsOf(metadata) } } : {}),
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
