import { z } from 'zod';
import type { ObjectStore } from '../object-store/object-store.js';
import { MANIFEST_SUFFIX } from './artifact-names.js';
import { type Manifest, manifestSchema, parseAs } from './manifest.js';

/** What the keys of all exports begin with. */
export const EXPORTS = 'exports/';
/** What the keys of all bytes begin with; then follow the attempt that wrote them and their role. */
export const OBJECTS = `${EXPORTS}objects/`;
/** Whether a store heeds the condition of a write is found out with this one. */
export const CONDITION_PROBE = `${EXPORTS}.conditional-writes`;

/** What an object of an attempt is; `published` is empty and says that there is a manifest for it. */
export type ObjectRole = 'artifact' | 'data' | 'metadata' | 'published';

/** A manifest as it lies in the store. One without `attempt` was copied there from a folder, and its files lie beside it. */
const storedManifestSchema = manifestSchema.extend({
  attempt: z
    .string()
    .regex(/^[A-Za-z0-9-]+\.[0-9a-f]+$/)
    .optional(),
});

/** A manifest, and the attempt whose objects it is about; undefined if its files lie beside it. */
export interface StoredManifest {
  readonly manifest: Manifest;
  readonly attempt: string | undefined;
}

/** Key of an artifact's manifest, which is what makes it visible and what takes its name. */
export function manifestKey(filename: string): string {
  return `${EXPORTS}${filename}${MANIFEST_SUFFIX}`;
}

/** Key of an object that an attempt has written. */
export function objectKey(attempt: string, role: ObjectRole): string {
  return `${OBJECTS}${attempt}/${role}`;
}

/** The attempt that an object is of. */
export function attemptOf(key: string): string {
  return key.slice(OBJECTS.length).split('/')[0] ?? '';
}

/** Key of a file of an artifact. */
export function keyOf({ manifest, attempt }: StoredManifest, filename: string): string {
  if (attempt === undefined) return `${EXPORTS}${filename}`;
  if (filename === manifest.filename) return objectKey(attempt, 'artifact');
  return objectKey(attempt, filename === manifest.data_file?.filename ? 'data' : 'metadata');
}

/** The manifest of an artifact, if there is one. */
export async function readStoredManifest(store: ObjectStore, filename: string): Promise<StoredManifest | undefined> {
  const text = await store.getText(manifestKey(filename));
  const stored = text === undefined ? undefined : parseAs(storedManifestSchema, text);
  if (stored?.filename !== filename) return undefined;
  const { attempt, ...manifest } = stored;
  return { manifest, attempt };
}
