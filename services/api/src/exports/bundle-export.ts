import type { Readable } from 'node:stream';
import { AppError } from '@caissa/shared/errors';
import type { ArtifactStore, Manifest, StoredFile } from '@caissa/storage';
import type { Reply } from '../http/route.js';

/**
 * One archive with the files of an export and its metadata, not compressed: weights do not shrink. It is written while
 * it is sent, as zip64 where necessary, and its length is known beforehand.
 * @throws AppError EXPORT_NOT_FOUND, ARTIFACT_DAMAGED
 */
export async function bundleExport(store: ArtifactStore, filename: string, headersOnly: boolean): Promise<Reply> {
  const manifest = await store.readManifest(filename);
  if (manifest === undefined) {
    throw new AppError('EXPORT_NOT_FOUND', 'There is no export of this name that could be bundled.');
  }
  const stem = filename.replace(/\.[^.]+$/, '');
  const files = await openFiles(store, manifest);
  const { sizeBytes, stream } = await archiveOf(files, `${stem}.json`, manifest);
  if (headersOnly) stream.destroy();
  const headers = {
    'Content-Type': 'application/zip',
    'Content-Length': String(sizeBytes),
    'Content-Disposition': `attachment; filename="${stem}.zip"`,
    'Cache-Control': 'private, no-cache',
    'Accept-Ranges': 'none',
  };
  return { status: 200, headers, stream: headersOnly ? undefined : stream };
}

/** All at once, so that the bundle is complete even if the export is removed meanwhile. */
async function openFiles(store: ArtifactStore, { filename, data_file }: Manifest): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  try {
    files.push(await store.open(filename));
    if (data_file !== undefined) files.push(await store.open(data_file.filename));
    return files;
  } catch (error) {
    for (const file of files) await file.close();
    throw error;
  }
}

async function archiveOf(
  files: readonly StoredFile[],
  metadataName: string,
  { metadata, export_date }: Manifest,
): Promise<{ sizeBytes: number; stream: Readable }> {
  // Bundles are rare: starting up need not wait for the library.
  const { ZipFile } = await import('yazl');
  const zip = new ZipFile();
  const options = { compress: false, mtime: new Date(export_date) };
  const sources = files.map((file) => ({ file, source: file.read() }));
  for (const { file, source } of sources) {
    zip.addReadStream(source, file.filename, { ...options, size: file.sizeBytes });
  }
  zip.addBuffer(Buffer.from(`${JSON.stringify(metadata, undefined, 2)}\n`), metadataName, options);
  const stream = zip.outputStream;
  zip.on('error', (error) => stream.destroy(error));
  // The library does not close its sources when the client leaves.
  stream.once('close', () => {
    for (const { source } of sources) source.destroy();
  });
  const sizeBytes = await new Promise<number>((resolve) => zip.end({}, resolve));
  return { sizeBytes, stream };
}
