import { setTimeout as delay } from 'node:timers/promises';
import type { HttpClient } from '../accept/http-client.js';

const PATIENCE_MS = 60_000;
const POLL_MS = 50;

/** Waits until the API answers and a model has been looked into. */
export async function untilReady(client: HttpClient, model: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const text = await client
      .call({ method: 'GET', path: `/api/model/info/${model}` })
      .then(({ body }) => body.toString())
      .catch(String);
    if (text.includes('"status":"ready"')) return;
    if (Date.now() > deadline) throw new Error(`${model} is not ready: ${text.slice(0, 500)}`);
    await delay(POLL_MS);
  }
}
