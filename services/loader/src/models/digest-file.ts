import { digestInBackground, FileSource } from '@caissa/bytes';

/** Returns the SHA-256 of a file in hexadecimal digits. */
export async function digestFile(path: string): Promise<string> {
  const file = await FileSource.open(path);
  try {
    return await digestInBackground(file.descriptor, file.sizeBytes);
  } finally {
    await file.close();
  }
}
