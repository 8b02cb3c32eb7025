import { createHash, type Hash } from 'node:crypto';
import { readSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { DigestReply, DigestRequest } from './file-digest.js';

// The program of the thread that computes digests. It reads a file behind the one who writes it, from the page cache.

const READ_BYTES = 1 << 20;

const piece = Buffer.allocUnsafeSlow(READ_BYTES);
const files = new Map<number, { readonly hash: Hash; doneBytes: number }>();

function advance(id: number, fd: number, untilBytes: number): Hash {
  const file = files.get(id) ?? { hash: createHash('sha256'), doneBytes: 0 };
  files.set(id, file);
  while (file.doneBytes < untilBytes) {
    const count = readSync(fd, piece, 0, Math.min(READ_BYTES, untilBytes - file.doneBytes), file.doneBytes);
    if (count === 0) throw new Error('the file is shorter than what was written to it');
    file.hash.update(piece.subarray(0, count));
    file.doneBytes += count;
  }
  return file.hash;
}

function answer({ kind, id, fd, untilBytes }: DigestRequest): DigestReply | undefined {
  try {
    const hash = advance(id, fd, untilBytes);
    return kind === 'finish' ? { id, sha256: hash.digest('hex') } : undefined;
  } catch (error) {
    // A read that fails while advancing fails again, and is told, when the digest is asked for.
    return kind === 'finish' ? { id, message: String(error) } : undefined;
  } finally {
    if (kind === 'finish') files.delete(id);
  }
}

parentPort?.on('message', (request: DigestRequest) => {
  const reply = answer(request);
  if (reply) parentPort?.postMessage(reply);
});
