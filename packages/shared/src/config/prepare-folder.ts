import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { ConfigurationError } from './read-settings.js';

/** What keeps a folder from being made or used however often a process is started. */
const LASTING = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'ELOOP', 'ENAMETOOLONG']);

/** Of those, what another owner would cure. */
const FORBIDDEN = new Set(['EACCES', 'EPERM']);

/**
 * Makes a folder below `DATA_DIR` if need be, and looks whether this process may use it. A volume that has turned read-only
 * passes where the folder is there: what can be read of it still serves.
 * @throws ConfigurationError if it cannot be made, or this user may not do with it what it is for; the system's error
 */
export async function prepareFolder(path: string, use: 'read' | 'write'): Promise<void> {
  const mode = use === 'read' ? constants.R_OK : constants.W_OK;
  let failed: 'made' | 'read' | 'written' = 'made';
  try {
    await mkdir(path, { recursive: true });
    failed = use === 'read' ? 'read' : 'written';
    await access(path, mode | constants.X_OK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'EROFS' && failed !== 'made') return;
    if (!LASTING.has(code)) throw error;
    throw new ConfigurationError(sentence(path, failed, code));
  }
}

function sentence(path: string, failed: string, code: string): string {
  const another = 'set DATA_DIR to another one';
  if (!FORBIDDEN.has(code) || process.getuid === undefined) {
    return `The data folder ${path} cannot be ${failed} (${code}): ${another}.`;
  }
  const user = process.getuid();
  return (
    `The data folder ${path} cannot be ${failed} by this process, which runs as user ${user} (${code}): ` +
    `give the folder to that user (chown -R ${user}; fsGroup: in Kubernetes, user: in Compose for the user it belongs to), or ${another}.`
  );
}
