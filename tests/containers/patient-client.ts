import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, Client } from '../setup/client.js';

const PATIENCE_MS = 60_000;
const PAUSE_MS = 200;

/**
 * Repeats what the API cannot answer while a container is being replaced: no connection, or a status that says to come
 * again. What changes something must carry an `Idempotency-Key`, or be safe to repeat.
 */
export class PatientClient extends Client {
  /** Requests that had to be repeated, and how often they were in all. */
  repeats = 0;

  override async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const answer = await super.send(method, path, body, headers).catch((error: unknown) => error);
      if (isAnswer(answer) && answer.status < 500) return answer;
      if (performance.now() > deadline) {
        const last = isAnswer(answer) ? `${answer.status} ${JSON.stringify(answer.body)}` : String(answer);
        throw new Error(`${method} ${path} was not answered within ${PATIENCE_MS} ms: ${last}`);
      }
      this.repeats += 1;
      await delay(PAUSE_MS);
    }
  }
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && 'status' in value;
}
