import { digestSource, type FileSource } from '@caissa/conversion';
import { fileIdentity } from '@caissa/shared';
import type { LoaderContext } from './context.js';

/**
 * SHA-256 of an open checkpoint: as an inspection of the very same file found it, else computed.
 * @throws FormatError ZIP_TRUNCATED if the file became shorter; the signal's reason
 */
export async function sourceDigest(
  { catalogue }: Pick<LoaderContext, 'catalogue'>,
  name: string,
  source: FileSource,
  signal: AbortSignal,
): Promise<string> {
  const { ino, sizeBytes, mtimeNs } = source.identity;
  // Without the catalogue it takes longer, and that is all.
  const entry = await catalogue.get(name).catch(() => undefined);
  const isSame = entry?.identity === fileIdentity({ ino, size: BigInt(sizeBytes), mtimeNs });
  return (isSame ? entry.sha256 : null) ?? (await digestSource(source, signal));
}
