import { conversionFailure } from '@caissa/conversion';
import { EXIT } from './exit-codes.js';

/** Why something was not done. */
export interface Failure {
  readonly exitCode: number;
  /** As in docs/errors.md, or what the system calls it. */
  readonly code: string;
  /** A sentence. */
  readonly message: string;
}

/** A failure that this program finds itself. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly failure: Failure;

  constructor(exitCode: number, code: string, message: string) {
    super(message);
    this.failure = { exitCode, code, message };
  }
}

const SYSTEM_SENTENCES = new Map([
  ['ENOENT', 'There is no such file or folder.'],
  ['ENOTDIR', 'A part of the path is not a folder.'],
  ['EEXIST', 'It exists already; --force replaces it.'],
  ['EACCES', 'Permission was denied.'],
  ['EPERM', 'The system does not permit it.'],
  ['EROFS', 'The file system is read-only.'],
  ['ENOSPC', 'The disk is full.'],
  ['EDQUOT', 'The disk quota is used up.'],
  ['EFBIG', 'The file would be larger than is allowed here.'],
  ['ENAMETOOLONG', 'The name is too long.'],
  ['EIO', 'The disk reports an input/output error.'],
]);

/** Where each code of a failed conversion leads; all others are checkpoints that are refused. */
const CONVERSION_EXITS = new Map<string, number>([
  ['VERIFICATION_FAILED', EXIT.verification],
  ['SESSION_FAILED', EXIT.verification],
  ['SOURCE_CHANGED', EXIT.files],
]);

/** Explains what was thrown; undefined for a fault of this program. */
export function explain(thrown: unknown): Failure | undefined {
  if (thrown instanceof CommandError) return thrown.failure;
  const failed = conversionFailure(thrown);
  if (failed !== undefined) {
    const { code, message } = failed;
    return { exitCode: CONVERSION_EXITS.get(code) ?? EXIT.refused, code, message };
  }
  if (!(thrown instanceof Error && 'syscall' in thrown && 'code' in thrown)) return undefined;
  const code = String(thrown.code);
  return { exitCode: EXIT.files, code, message: SYSTEM_SENTENCES.get(code) ?? `The system says ${thrown.message}.` };
}
