import { link, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SMALL, writeCheckpointFile } from '../harness/checkpoint-file.js';
import type { HttpClient } from './http-client.js';

const PATIENCE_MS = 120_000;
const POLL_MS = 200;

/** Name of one of the models. */
export function modelName(number: number): string {
  return `model_v${number}`;
}

/** Fills a folder with small models: one file under many names. */
export async function writeModels(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const first = join(folder, `${modelName(1)}.pt`);
  await writeCheckpointFile(first, SMALL);
  for (let number = 2; number <= count; number++) await link(first, join(folder, `${modelName(number)}.pt`));
}

/** Waits until as many models have been looked into. Returns the list. */
export async function untilListed(client: HttpClient, count: number): Promise<string> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const text = await client
      .call({ method: 'GET', path: '/api/model/list?limit=1000' })
      .then(({ body }) => body.toString())
      .catch(() => '');
    if (text.split('"status":"ready"').length > count) return text;
    if (Date.now() > deadline) throw new Error(`The models are not ready: ${text.slice(0, 500)}`);
    await delay(POLL_MS);
  }
}
