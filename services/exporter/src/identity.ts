import type { FileSource } from '@caissa/conversion';
import { fileIdentity } from '@caissa/shared';

/** The state of an open file, as the catalogue writes it. */
export function identityOf({ identity }: FileSource): string {
  const { ino, sizeBytes, mtimeNs } = identity;
  return fileIdentity({ ino, size: BigInt(sizeBytes), mtimeNs });
}
