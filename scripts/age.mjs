import { statSync } from 'node:fs';

/** Milliseconds since the file or folder was touched; infinite if there is none. */
export const ageMs = (path) => {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
};
