// Exports a model through the types that openapi-typescript makes of the OpenAPI document. Compiled and run by typed-client.mjs.
//
//   node client.js URL MODEL

import { createHash } from 'node:crypto';
import createClient from 'openapi-fetch';
import type { components, paths } from './api.js';

type ExportResult = components['schemas']['ExportResult'];

const PATIENCE_MS = 60_000;
const POLL_MS = 100;

const [baseUrl = '', model = ''] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl });

function fail(what: string, problem: unknown): never {
  throw new Error(`${what}: ${JSON.stringify(problem)}`);
}

async function listed(): Promise<boolean> {
  const { data, error } = await client.GET('/api/model/list', { params: { query: { limit: 1000 } } });
  if (error) fail('The list', error.detail);
  return data.models.some(({ name, version }) => name === model && version !== 'unknown');
}

async function exported(): Promise<string> {
  const path = { format: 'pytorch', model_name: model } as const;
  const body = { metadata: { purpose: 'interop' }, weights: null };
  const { data, error } = await client.POST('/api/model/export/{format}/{model_name}', { params: { path }, body });
  if (error) fail('The export', error.detail);
  return data.job_id;
}

async function resultOf(job_id: string): Promise<ExportResult> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const { data, error } = await client.GET('/api/jobs/{job_id}', { params: { path: { job_id } } });
    if (error) fail('The job', error.detail);
    if (data.status === 'completed' && data.result && 'filename' in data.result) return data.result;
    if (data.error || Date.now() > deadline) fail('The job', data);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function digestOf(filename: string): Promise<string> {
  const options = { params: { path: { filename } }, parseAs: 'arrayBuffer' } as const;
  const { data, error } = await client.GET('/api/model/download/{filename}', options);
  if (error) fail('The download', error);
  return createHash('sha256').update(new Uint8Array(data)).digest('hex');
}

if (!(await listed())) fail('The list does not have', model);
const { filename, sha256 } = await resultOf(await exported());
const digest = await digestOf(filename);
if (digest !== sha256) fail(`The digest is not ${sha256}`, digest);
const { error } = await client.GET('/api/model/info/{model_name}', { params: { path: { model_name: 'nobody' } } });
if (error?.code !== 'MODEL_NOT_FOUND') fail('An unknown model', error);
