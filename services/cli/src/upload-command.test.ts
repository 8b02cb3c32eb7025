import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCaissa } from '../test-support/run-caissa.js';
import { UploadApi } from './upload-api.js';

const content = randomBytes(3_000_000);
const sha256 = createHash('sha256').update(content).digest();

let folder: string;
let server: Server;
/** What has arrived, and where pieces began. */
let kept: Buffer;
let offsets: number[];
let begun: IncomingMessage['headers'];
/** Bytes after which each piece is cut. */
let cuts: number[];
let refusal: { status: number; code: string } | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-cli-'));
  await writeFile(join(folder, 'net.pt'), content);
  kept = Buffer.alloc(0);
  offsets = [];
  cuts = [];
  refusal = undefined;
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const say = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
  if (refusal) return void say(refusal.status, { code: refusal.code, detail: 'No.' });
  if (request.method === 'POST') begun = request.headers;
  if (request.method !== 'PATCH') {
    return void say(200, { kept_bytes: kept.length, links: { self: `/prefix${request.url}/id` } });
  }
  offsets.push(Number(request.headers['upload-offset']));
  const cut = cuts.shift() ?? Number.POSITIVE_INFINITY;
  let arrived = 0;
  try {
    for await (const chunk of request) {
      kept = Buffer.concat([kept, chunk.subarray(0, cut - arrived)]);
      arrived += chunk.length;
      if (arrived >= cut) return void request.socket.destroy();
    }
  } catch {
    return;
  }
  say(201, { name: 'net', size_bytes: kept.length, sha256: createHash('sha256').update(kept).digest('hex') });
}

const upload = (...args: string[]) => {
  const { port } = server.address() as AddressInfo;
  return runCaissa(folder, 'upload', 'net.pt', '--url', `http://127.0.0.1:${port}/prefix`, ...args);
};

describe('caissa upload', () => {
  it('sends a checkpoint, and goes on where it was cut', async () => {
    cuts = [1_000_000];
    const { code, out, err } = await upload('--api-key', 'k');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`net.pt: net, 2.9 MiB, sha256 ${sha256.toString('hex')}\n`);
    expect(kept.equals(content)).toBe(true);
    expect(offsets).toEqual([0, 1_000_000]);
    expect(begun).toMatchObject({
      authorization: 'Bearer k',
      'upload-length': '3000000',
      'idempotency-key': `${sha256.toString('hex')}-net`,
      'repr-digest': `sha-256=:${sha256.toString('base64')}:`,
    });
  });

  it('sends only what an earlier run has not', async () => {
    kept = content.subarray(0, 2_500_000);
    expect(JSON.parse((await upload('--json')).out)).toMatchObject({
      file: 'net.pt',
      name: 'net',
      size_bytes: 3_000_000,
    });
    expect(offsets).toEqual([2_500_000]);
  });

  it('says why it is refused', async () => {
    refusal = { status: 409, code: 'MODEL_EXISTS' };
    expect(await upload()).toEqual({ code: 1, out: '', err: 'caissa: net.pt: No. (MODEL_EXISTS)\n' });
    for (const status of [408, 423, 429]) {
      refusal = { status, code: 'BUSY' };
      expect(await upload('--quiet')).toMatchObject({ code: 5 });
    }
    refusal = { status: 500, code: 'INTERNAL' };
    expect(await upload('--quiet')).toMatchObject({ code: 5 });
    expect((await runCaissa(folder, 'upload', 'none.pt')).code).toBe(3);
  });

  it('says what is wrong with an address', async () => {
    const { code, err } = await runCaissa(folder, 'upload', 'net.pt', '--url', 'localhost:8001');
    expect(code).toBe(2);
    expect(err).toContain('It must be an address such as https://chess.example.com.');
  });

  it('takes a line that nothing comes through for one that is cut', async () => {
    server.removeAllListeners('request');
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const { signal } = new AbortController();
    const target = { file: join(folder, 'net.pt'), sizeBytes: 3, sha256, name: 'net', url, apiKey: undefined, signal };
    const api = new UploadApi(target, 50);
    const failure = { status: 0, code: 'UNREACHABLE' };
    await expect(api.begin()).rejects.toMatchObject(failure);
    await expect(api.ask(`${url}/a`)).rejects.toMatchObject(failure);
    // The server takes some of it and then no more.
    const large = new UploadApi({ ...target, sizeBytes: 3_000_000_000 }, 50);
    await truncate(target.file, 3_000_000_000);
    await expect(large.send(`${url}/a`, 0, () => undefined)).rejects.toMatchObject(failure);
  });
});
