import { Readable } from 'node:stream';
import { AppError, type ArtifactStore, type Manifest } from '@caissa/shared';
import type { Reply } from '../http/route.js';

/** The archive format without its 64-bit extension, which the library does not write, ends at 4 GiB; it promises half. */
const LIMIT_BYTES = 2 ** 31 - 1;

/**
 * One archive with an export and its metadata, not compressed: weights do not get smaller. It is written while it is sent,
 * so its length is not known before.
 * @throws AppError EXPORT_NOT_FOUND, ARTIFACT_DAMAGED, OUTPUT_LIMIT
 */
export async function bundleExport(store: ArtifactStore, filename: string, headersOnly: boolean): Promise<Reply> {
  const manifest = await store.readManifest(filename);
  if (!manifest) throw new AppError('EXPORT_NOT_FOUND', 'There is no export of this name that could be bundled.');
  if (manifest.size_bytes > LIMIT_BYTES) {
    throw new AppError('OUTPUT_LIMIT', 'The export is too large for a bundle; download the file itself.');
  }
  const stem = filename.replace(/\.[^.]+$/, '');
  const headers = {
    'Content-Type': 'application/zip',
    'Content-Disposition': `attachment; filename="${stem}.zip"`,
    'Cache-Control': 'private, no-cache',
    'Accept-Ranges': 'none',
  };
  const stream = headersOnly ? undefined : await openArchive(store, manifest, stem);
  return { status: 200, headers, stream };
}

async function openArchive(store: ArtifactStore, manifest: Manifest, stem: string): Promise<Readable> {
  // Bundles are few: a start need not wait for what makes them.
  const { default: JSZip } = await import('jszip');
  const file = await store.open(manifest.filename);
  const source = file.read();
  const date = new Date(manifest.export_date);
  const zip = new JSZip();
  zip.file(manifest.filename, source, { binary: true, date });
  zip.file(`${stem}.json`, `${JSON.stringify(manifest.metadata, undefined, 2)}\n`, { date });
  const archive = zip.generateNodeStream({ streamFiles: true, compression: 'STORE' });
  // The library gives an old-style stream that does not close its source when the client leaves.
  const stream = new Readable().wrap(archive);
  stream.once('close', () => source.destroy());
  return stream;
}
