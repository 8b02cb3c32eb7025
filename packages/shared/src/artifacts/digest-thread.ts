import { createHash, type Hash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { DigestReply, DigestRequest } from './background-digest.js';

// The program of the thread that computes digests. It answers each request, in their order.

const hashes = new Map<number, Hash>();

function answer({ id, bytes }: DigestRequest): DigestReply {
  const hash = hashes.get(id) ?? createHash('sha256');
  if (bytes !== undefined) {
    hashes.set(id, hash.update(bytes));
    return undefined;
  }
  hashes.delete(id);
  return hash.digest('hex');
}

parentPort?.on('message', (request: DigestRequest) => parentPort?.postMessage(answer(request)));
