import type { Stack } from './stack.js';

/** The part of a manifest that these tests look at. */
interface Manifest {
  readonly filename: string;
  readonly job_id: string;
  readonly sha256: string;
  readonly metadata_file?: { readonly filename: string; readonly sha256: string };
}

/** What lies in the folder of exports. */
export interface ExportedFiles {
  /** Job ids of the manifests, sorted. */
  readonly jobIds: string[];
  /** Files whose bytes are not those of their manifest. */
  readonly broken: string[];
  /** Files that no manifest knows. */
  readonly strays: string[];
}

/** Reads every manifest and every byte in the folder of exports, inside the volume. */
export async function exportedFiles(stack: Stack): Promise<ExportedFiles> {
  const show = "for file in *.manifest.json; do cat $file; printf '\\036'; done; sha256sum $(ls -A)";
  const sections = (await stack.shell('exporter', `cd /data/exports && ${show}`)).split('\x1e');
  const digests = new Map(
    (sections.pop() ?? '')
      .trim()
      .split('\n')
      .map((line) => [line.slice(66), line.slice(0, 64)] as const),
  );
  const manifests = sections.map((text) => JSON.parse(text) as Manifest);
  const files = manifests.flatMap((manifest) => [
    manifest,
    ...(manifest.metadata_file ? [manifest.metadata_file] : []),
  ]);
  const known = new Set([
    ...files.map(({ filename }) => filename),
    ...manifests.map(({ filename }) => `${filename}.manifest.json`),
  ]);
  return {
    jobIds: manifests.map(({ job_id }) => job_id).sort(),
    broken: files.filter(({ filename, sha256 }) => digests.get(filename) !== sha256).map(({ filename }) => filename),
    strays: [...digests.keys()].filter((name) => !known.has(name)),
  };
}
