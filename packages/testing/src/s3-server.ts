import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { startFauxqs } from 'fauxqs';

/**
 * What becomes of a request: it is answered, or refused with a status; its connection is cut before it is done, after,
 * or in the middle of the answer; or its body arrives with a bit that differs.
 */
export type Fate = 'answer' | 'cut' | 'cut-after' | 'cut-answer' | 'corrupt' | number;

/** A request, as {@link S3Server.decide} sees it. */
export interface S3Request {
  readonly method: string;
  /** Without the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
}

const CODES: Readonly<Record<number, string>> = {
  403: 'AccessDenied',
  409: 'ConditionalRequestConflict',
  503: 'ServiceUnavailable',
  507: 'StorageFull',
};

interface SentPart {
  readonly etag: string;
  readonly sizeBytes: number;
  readonly checksum: string;
  readonly sentAt: Date;
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: Buffer;
}

/**
 * An object store for tests: fauxqs, and before it what that one does not do. It checks checksums, keeps objects that
 * must not be overwritten, lists open uploads and their parts, and fails when it is told to.
 */
export class S3Server {
  /** Says what becomes of each request. */
  decide: (request: S3Request) => Fate | Promise<Fate> = () => 'answer';
  /** Whether an object stays as it is when a request says so. */
  heedsConditions = true;
  /** Every request since the start. */
  readonly requests: S3Request[] = [];
  /** Bytes of objects that were sent since the start. */
  sentBytes = 0;
  readonly #uploads = new Map<string, { key: string; beganAt: Date; parts: Map<number, SentPart> }>();
  readonly #fauxqs: Awaited<ReturnType<typeof startFauxqs>>;
  readonly #server: Server;
  /** Writes of which only the first counts wait for each other. */
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(fauxqs: Awaited<ReturnType<typeof startFauxqs>>) {
    this.#fauxqs = fauxqs;
    this.#server = createServer((incoming, response) => {
      this.#serve(incoming, response).catch((error: unknown) =>
        response.destroy(error instanceof Error ? error : undefined),
      );
    });
  }

  /** Starts a store on a free port. */
  static async start(): Promise<S3Server> {
    const server = new S3Server(await startFauxqs({ port: 0, host: '127.0.0.1', logger: false }));
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get endpoint(): string {
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  }

  /** Keys of the uploads that are open. */
  get uploads(): string[] {
    return [...this.#uploads.values()].map(({ key }) => key);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#fauxqs.stop();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = incoming;
    const { pathname, searchParams: query } = new URL(url, 'http://store');
    const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
    this.requests.push({ method, key, query });
    const fate = await this.decide({ method, key, query });
    if (fate === 'cut') {
      // In the middle of what is sent, where something is.
      if (Number(incoming.headers['content-length'] ?? 0) > 0) await once(incoming, 'data');
      incoming.socket.destroy();
      return;
    }
    const body = Buffer.concat(await incoming.toArray());
    if (fate === 'corrupt') body.writeUInt8(body.readUInt8(0) ^ 1, 0);
    const refused = typeof fate === 'number' ? refusal(fate, CODES[fate] ?? 'InternalError') : undefined;
    const answer = refused ?? (await this.#answer(incoming, { method, key, query }, body));
    if (fate === 'cut-after') {
      incoming.socket.destroy();
      return;
    }
    response.writeHead(answer.status, answer.headers);
    if (fate !== 'cut-answer') response.end(method === 'HEAD' ? undefined : answer.body);
    else response.write(answer.body.subarray(0, answer.body.length >> 1), () => incoming.socket.destroy());
    if (method === 'GET' && key !== '' && answer.status < 300 && fate === 'answer')
      this.sentBytes += answer.body.length;
  }

  async #answer(incoming: IncomingMessage, { method, key, query }: S3Request, body: Buffer): Promise<Answer> {
    const checksum = incoming.headers['x-amz-checksum-crc32'];
    if (checksum !== undefined && checksum !== checksumOf(body)) return refusal(400, 'BadDigest');
    if (method === 'GET' && query.has('uploads')) return this.#listUploads(query.get('prefix') ?? '');
    if (method === 'GET' && query.has('uploadId')) return this.#listParts(query.get('uploadId') ?? '');
    if (incoming.headers['x-amz-copy-source'] !== undefined) return this.#copyPart(incoming);
    const write = async () => {
      // fauxqs reads parts without checksums only.
      const isCompletion = method === 'POST' && query.has('uploadId');
      const sent = isCompletion
        ? Buffer.from(String(body).replace(/<ChecksumCRC32>[^<]*<\/ChecksumCRC32>/g, ''))
        : body;
      const answer = await this.#forward(incoming, sent);
      if (answer.status < 300) this.#note(method, key, query, answer, body);
      return answer;
    };
    const isConditional = this.heedsConditions && incoming.headers['if-none-match'] === '*';
    return isConditional ? this.#ifAbsent(incoming, write) : write();
  }

  #ifAbsent(incoming: IncomingMessage, write: () => Promise<Answer>): Promise<Answer> {
    const answer = this.#writing.then(async () => {
      const path = new URL(incoming.url ?? '', 'http://store').pathname;
      const { status } = await this.#forward(incoming, Buffer.alloc(0), { method: 'HEAD', path });
      return status === 200 ? refusal(412, 'PreconditionFailed') : write();
    });
    this.#writing = answer.catch(() => undefined);
    return answer;
  }

  /** A part that is a copy of an object, or of a range of one. */
  async #copyPart(incoming: IncomingMessage): Promise<Answer> {
    const header = (name: string) => String(incoming.headers[name] ?? '');
    const source = { method: 'GET', path: `/${header('x-amz-copy-source')}` };
    const range = header('x-amz-copy-source-range');
    const conditions = { 'if-match': header('x-amz-copy-source-if-match'), ...(range === '' ? {} : { range }) };
    const original = await this.#forward(incoming, Buffer.alloc(0), { ...source, more: conditions });
    if (original.status >= 300) return original;
    const part = await this.#forward(incoming, original.body);
    const xml = `<CopyPartResult><ETag>${part.headers['etag']}</ETag></CopyPartResult>`;
    return part.status < 300 ? xmlAnswer(200, xml) : part;
  }

  #note(method: string, key: string, query: URLSearchParams, { headers, body }: Answer, sent: Buffer): void {
    const uploadId = query.get('uploadId');
    if (method === 'POST' && query.has('uploads')) {
      this.#uploads.set(/<UploadId>([^<]+)/.exec(String(body))?.[1] ?? '', {
        key,
        beganAt: new Date(),
        parts: new Map(),
      });
    } else if (uploadId !== null && method === 'PUT') {
      const part = {
        etag: String(headers['etag']),
        sizeBytes: sent.length,
        checksum: checksumOf(sent),
        sentAt: new Date(),
      };
      this.#uploads.get(uploadId)?.parts.set(Number(query.get('partNumber')), part);
    } else if (uploadId !== null) this.#uploads.delete(uploadId);
  }

  #listUploads(prefix: string): Answer {
    const listed = [...this.#uploads].filter(([, { key }]) => key.startsWith(prefix));
    const xml = listed
      .map(([id, { key, beganAt }]) => {
        const began = `<Initiated>${beganAt.toISOString()}</Initiated>`;
        return `<Upload><Key>${key}</Key><UploadId>${id}</UploadId>${began}</Upload>`;
      })
      .join('');
    return xmlAnswer(
      200,
      `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${xml}</ListMultipartUploadsResult>`,
    );
  }

  #listParts(uploadId: string): Answer {
    const upload = this.#uploads.get(uploadId);
    if (upload === undefined) return refusal(404, 'NoSuchUpload');
    const xml = [...upload.parts]
      .sort(([left], [right]) => left - right)
      .map(([number, { etag, sizeBytes, checksum, sentAt }]) => {
        const facts = `<ETag>${etag}</ETag><Size>${sizeBytes}</Size><ChecksumCRC32>${checksum}</ChecksumCRC32>`;
        const sent = `<LastModified>${sentAt.toISOString()}</LastModified>`;
        return `<Part><PartNumber>${number}</PartNumber>${facts}${sent}</Part>`;
      })
      .join('');
    return xmlAnswer(200, `<ListPartsResult><IsTruncated>false</IsTruncated>${xml}</ListPartsResult>`);
  }

  async #forward(
    { url = '', headers, method = '' }: IncomingMessage,
    body: Buffer,
    { more = {}, ...changed }: { method?: string; path?: string; more?: Record<string, string> } = {},
  ): Promise<Answer> {
    const { 'if-none-match': _, 'x-amz-copy-source': _source, ...passed } = headers;
    const target = { host: '127.0.0.1', port: this.#fauxqs.port, path: url, method, ...changed };
    const outgoing = request({ ...target, headers: { ...passed, ...more, 'content-length': body.length } });
    outgoing.end(body);
    const [incoming]: IncomingMessage[] = await once(outgoing, 'response');
    if (incoming === undefined) throw new Error('no response');
    const { connection: _c, 'transfer-encoding': _t, ...rest } = incoming.headers;
    return { status: incoming.statusCode ?? 500, headers: rest, body: Buffer.concat(await incoming.toArray()) };
  }
}

function checksumOf(body: Buffer): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(body));
  return bytes.toString('base64');
}

function refusal(status: number, code: string): Answer {
  return xmlAnswer(status, `<Error><Code>${code}</Code><Message>a test asked for it</Message></Error>`);
}

function xmlAnswer(status: number, xml: string): Answer {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>${xml}`);
  return { status, headers: { 'content-type': 'application/xml', 'content-length': String(body.length) }, body };
}
