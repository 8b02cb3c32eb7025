import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { LRUCache } from 'lru-cache';

/** Extension of the file that makes an artifact visible; it follows the artifact's whole name. */
export const MANIFEST_SUFFIX = '.manifest.json';

/** How many names are tried for exports of one model in one second. */
export const NAME_ATTEMPTS = 10_000;

const DRAFT_PREFIX = '.draft-';
/** A draft, and what lies beside it under the same attempt. */
const DRAFT_NAME = /^\.draft-([^.]+\.[0-9a-f]+)(?:\.[a-z]+)?$/;

/** A name for an attempt at a job that no other attempt has: what it begins can be told from all else by it. */
export function newAttempt(jobId: string): string {
  return `${jobId}.${randomBytes(6).toString('hex')}`;
}

/** The job that an attempt is at. */
export function jobOfAttempt(attempt: string): string {
  return attempt.split('.')[0] ?? '';
}

/** Path of the file that an attempt writes to. */
export function draftPath(folder: string, attempt: string): string {
  return join(folder, `${DRAFT_PREFIX}${attempt}`);
}

/** The attempt whose draft, or what lies beside it, a file is, if it is one. */
export function attemptOfDraft(name: string): string | undefined {
  return DRAFT_NAME.exec(name)?.[1];
}

/** The attempts at a job that have drafts among these files. */
export function attemptsAt(jobId: string, names: readonly string[]): Set<string> {
  const attempts = names.map(attemptOfDraft).filter((attempt) => attempt !== undefined);
  return new Set(attempts.filter((attempt) => jobOfAttempt(attempt) === jobId));
}

/** Names that are remembered; exports of one second share one. */
const LIMIT = 100;

/**
 * Remembers how many exports of one model in one second have taken a name, so that each of a thousand of them does not
 * try all names before its own. Others may have taken more, and removed some: it only says where to begin to look.
 */
export class TakenNames {
  readonly #firstFree = new LRUCache<string, number>({ max: LIMIT });

  /** The first number that may be free. */
  firstFree(name: string): number {
    return this.#firstFree.get(name) ?? 1;
  }

  /** Notes that all numbers below are taken. */
  note(name: string, firstFree: number): void {
    this.#firstFree.set(name, firstFree);
  }

  /** Begins at the first name again, because one has been given back. */
  forget(filename: string): void {
    this.#firstFree.delete(filename.replace(/_\d+(\.[a-z]+)$/, '$1'));
    this.#firstFree.delete(filename);
  }
}
