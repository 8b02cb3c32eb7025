import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { answerRequests } from './answer-requests.js';
import { type FileProgress, seeProgress, waitForChange } from './file-progress.js';

/** A file to compute the SHA-256 of while somebody writes it. */
export interface DigestRequest {
  readonly descriptor: number;
  readonly progress: FileProgress;
}

/** In hexadecimal digits; undefined if the file was abandoned. */
export type DigestReply = string | undefined;

/** Fits the cache of a core, where the bytes are hashed that were just read: four times larger takes five times as long. */
const BUFFER_BYTES = 256 << 10;

const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);

/** What the system has just taken is read from its memory, not from the disk. */
function digestOf({ descriptor, progress }: DigestRequest): DigestReply {
  const hash = createHash('sha256');
  for (let at = 0; ; ) {
    const seen = seeProgress(progress);
    if (seen.state === 'abandoned') return undefined;
    if (at < seen.writtenBytes) {
      const bytesRead = readSync(descriptor, buffer, 0, Math.min(BUFFER_BYTES, seen.writtenBytes - at), at);
      if (bytesRead === 0) throw new Error('the file is shorter than what was written');
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
    } else if (seen.state === 'complete') {
      return hash.digest('hex');
    } else {
      waitForChange(progress, seen);
    }
  }
}

answerRequests(digestOf);
