import { setTimeout as delay } from 'node:timers/promises';
import type { HttpClient } from '../accept/http-client.js';

const PATIENCE_MS = 60_000;
const POLL_MS = 50;

/** Waits until the API answers a path with 200. */
export async function untilServed(client: HttpClient, path: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const status = await client.call({ method: 'GET', path }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`${path} is answered with ${status}.`);
    await delay(POLL_MS);
  }
}
