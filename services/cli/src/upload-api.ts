import { createReadStream } from 'node:fs';
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { answerTimeoutMs, type BegunUpload, SILENCE_MS } from '@caissa/shared/uploads';
import { EXIT } from './exit-codes.js';
import { CommandError } from './failure.js';

/** What the API says of a model that was uploaded. */
export interface Uploaded {
  readonly name: string;
  readonly size_bytes: number;
  readonly sha256: string;
}

/** What is uploaded, and where to. */
export interface UploadTarget {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: Buffer;
  readonly name: string;
  /** As `readUrl` gives it. */
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly signal: AbortSignal;
}

/** Answers that say nothing of the checkpoint, only that it cannot be taken now. */
const BUSY_STATUS = new Set([408, 423, 429]);

/** An answer of the API that is none of success; status 0 if none came. */
class ApiRefusal extends CommandError {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    const isRefused = status >= 400 && status < 500 && !BUSY_STATUS.has(status);
    super(isRefused ? EXIT.refused : EXIT.unreachable, code, message);
    this.status = status;
    this.code = code;
  }
}

/** What an API is asked in the course of an upload. */
export class UploadApi {
  readonly #target: UploadTarget;
  readonly #path: string;
  readonly #silenceMs: number;

  /** @param silenceMs after which a line that nothing comes through counts as cut */
  constructor(target: UploadTarget, silenceMs = SILENCE_MS) {
    this.#target = target;
    this.#silenceMs = silenceMs;
    this.#path = `${target.url}/api/model/upload/${encodeURIComponent(target.name)}`;
  }

  /** Begins the upload, or finds what an earlier run has begun. */
  async begin(): Promise<BegunUpload> {
    const { sizeBytes, sha256, name } = this.#target;
    const headers = {
      'Upload-Length': String(sizeBytes),
      'Idempotency-Key': `${sha256.toString('hex')}-${encodeURIComponent(name)}`.slice(0, 255),
      'Repr-Digest': `sha-256=:${sha256.toString('base64')}:`,
    };
    const request = this.#request(this.#path, 'POST', headers);
    request.end();
    const { links, kept_bytes } = (await answerOf(request)) as { links: { self: string }; kept_bytes: number };
    return { address: `${this.#path}/${links.self.split('/').at(-1)}`, keptBytes: kept_bytes };
  }

  /** Asks how much is kept. */
  async ask(address: string): Promise<number> {
    const request = this.#request(address, 'GET');
    request.end();
    return ((await answerOf(request)) as { kept_bytes: number }).kept_bytes;
  }

  /** Sends the rest of the file. `report` is told how far in the file it has come. */
  async send(address: string, offset: number, report: (sentBytes: number) => void): Promise<Uploaded> {
    const { file, sizeBytes } = this.#target;
    const request = this.#request(address, 'PATCH', {
      'Content-Type': 'application/offset+octet-stream',
      'Content-Length': String(sizeBytes - offset),
      'Upload-Offset': String(offset),
    });
    let unreadable: Error | undefined;
    const answer = answerOf(request).catch((error: unknown) => {
      throw unreadable ?? error;
    });
    // From here on a worker looks into the file, and nothing moves.
    request.once('finish', () => request.setTimeout(answerTimeoutMs(sizeBytes)));
    if (offset === sizeBytes) request.end();
    else {
      let sentBytes = offset;
      const content = createReadStream(file, { start: offset, end: sizeBytes - 1, highWaterMark: 1 << 18 });
      content.on('data', (chunk) => {
        sentBytes += chunk.length;
        report(sentBytes);
      });
      content.on('error', (error) => {
        unreadable = error;
        request.destroy();
      });
      request.once('close', () => content.destroy());
      content.pipe(request);
    }
    // An answer may come before all is sent: then the rest is not wanted.
    return (await answer.finally(() => request.destroy())) as Uploaded;
  }

  #request(address: string, method: string, headers: Record<string, string> = {}): ClientRequest {
    const { apiKey, signal } = this.#target;
    const key = apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` };
    const open = address.startsWith('https:') ? secureRequest : plainRequest;
    const request = open(address, { method, headers: { ...headers, ...key }, signal, timeout: this.#silenceMs });
    // Node only tells; what is destroyed fails as if the line had been cut.
    return request.once('timeout', () => request.destroy());
  }
}

/** The JSON of an answer. @throws ApiRefusal */
async function answerOf(request: ClientRequest): Promise<unknown> {
  let response: IncomingMessage;
  let body: string;
  try {
    response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve).on('error', reject);
    });
    body = await text(response);
  } catch {
    throw new ApiRefusal(0, 'UNREACHABLE', 'The API does not answer. Is it running, and is --url its address?');
  }
  const { statusCode: status = 0 } = response;
  const said = parse(body);
  if (status < 300 && said !== undefined) return said;
  const { code = 'UNKNOWN', detail = `The server answers with status ${status}.` } = (said ?? {}) as Partial<Problem>;
  throw new ApiRefusal(status < 300 ? 0 : status, code, detail);
}

interface Problem {
  readonly code: string;
  readonly detail: string;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
