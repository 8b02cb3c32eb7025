import { createHash } from 'node:crypto';
import type { JobView } from '@caissa/shared/contracts';
import { until } from './system.js';

/** An answer of the API, its body parsed if it is JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** Talks to the API as its users do: over HTTP, knowing nothing of its insides. */
export class Client {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : { text } };
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path);
  }

  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  async job(id: string): Promise<JobView> {
    return (await this.get(`/api/jobs/${id}`)).body as unknown as JobView;
  }

  /** Follows a job by polling until it is over. */
  async finish(id: string): Promise<JobView> {
    return until(`job ${id} ends`, async () => {
      const job = await this.job(id);
      return ['completed', 'failed', 'cancelled'].includes(job.status) && job;
    });
  }

  /** Starts an export, as soon as its checkpoint is at rest, and returns the job's id. */
  async export(format: string, model: string, body?: unknown): Promise<string> {
    const answer = await until(`${model} is at rest`, async () => {
      const asked = await this.post(`/api/model/export/${format}/${model}`, body);
      return asked.body['code'] !== 'MODEL_BEING_WRITTEN' && asked;
    });
    if (answer.status !== 202) throw new Error(`export of ${model}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return String(answer.body['job_id']);
  }

  /** Downloads a file and checks it against the digest that the API gives as its ETag. */
  async download(path: string): Promise<Buffer> {
    const response = await fetch(`${this.url}${path}`);
    if (!response.ok) throw new Error(`download of ${path}: ${response.status}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (response.headers.get('etag') !== `"${digest}"`) throw new Error(`${path} is not what its ETag says`);
    return bytes;
  }

  /** Waits until the catalogue knows what a model is. */
  async model(name: string): Promise<Record<string, unknown>> {
    return until(`model ${name} is inspected`, async () => {
      const { status, body } = await this.get(`/api/model/info/${name}`);
      return status === 200 && body['status'] !== 'inspecting' && body;
    });
  }
}
