import { connect } from 'node:net';
import { createLogger } from '@caissa/shared/process';
import { expect } from 'vitest';
import { type ProtocolOptions, startProtocolServer } from '../src/protocol/server.js';
import { FakeEngine } from './fake-engine.js';

/** Where the active model of a fake engine is asked. */
export const INFER = '/v2/models/current/infer';

/** A protocol server on a free port of this machine, with a fake engine. */
export async function openProtocol(change: Partial<ProtocolOptions> = {}) {
  const engine = new FakeEngine();
  const server = await startProtocolServer({
    host: '127.0.0.1',
    port: 0,
    allowAnonymous: false,
    readToken: async () => 'secret',
    engine,
    ready: () => engine.active !== undefined,
    logger: createLogger('test', 'silent'),
    ...change,
  });
  const url = `http://127.0.0.1:${server.port}`;
  return {
    engine,
    url,
    port: server.port,
    get: (path: string, headers: Record<string, string> = {}) => fetch(`${url}${path}`, { headers }),
    post: (path: string, body?: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
      fetch(`${url}${path}`, { method: 'POST', headers, ...(body === undefined ? {} : { body }) }),
    /** Sends bytes as they are and returns all that comes back until the server closes the connection. */
    raw: (bytes: string, end = true) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(server.port, '127.0.0.1', () => (end ? socket.end(bytes) : socket.write(bytes)));
        let text = '';
        socket.setEncoding('latin1');
        socket.on('data', (part) => {
          text += part;
        });
        socket.on('close', () => resolve(text));
        socket.on('error', reject);
      }),
    close: () => server.close(2_000),
  };
}

/** What {@link openProtocol} opens. */
export type ProtocolHarness = Awaited<ReturnType<typeof openProtocol>>;

/** Bytes of one position. */
export const POSITION_BYTES = 14 * 8 * 8 * 4;

/** Positions whose numbers differ, [count, 14, 8, 8]. */
export function someBoards(count: number): Float32Array<ArrayBuffer> {
  return new Float32Array(count * 14 * 64).map((_, i) => ((i * 7919) % 13) / 13);
}

/** A request as the standard client sends it: JSON, then the tensor. `change` overrides what the JSON says. */
export function binaryRequest(
  boards: Float32Array<ArrayBuffer>,
  change: { input?: object; body?: object; tensor?: Uint8Array<ArrayBuffer>; headerLength?: string } = {},
): { body: Uint8Array<ArrayBuffer>; headers: Record<string, string> } {
  const tensor = change.tensor ?? new Uint8Array(boards.buffer, boards.byteOffset, boards.byteLength);
  const json = Buffer.from(
    JSON.stringify({
      inputs: [
        {
          name: 'board_input',
          shape: [boards.length / (14 * 64), 14, 8, 8],
          datatype: 'FP32',
          parameters: { binary_data_size: boards.byteLength },
          ...change.input,
        },
      ],
      parameters: { binary_data_output: true },
      ...change.body,
    }),
  );
  const body = new Uint8Array(json.length + tensor.length);
  body.set(json);
  body.set(tensor, json.length);
  return { body, headers: { 'Inference-Header-Content-Length': change.headerLength ?? String(json.length) } };
}

/** The outputs of an answer with binary tensors, and its JSON part. */
export async function readBinary(response: Response) {
  const body = Buffer.from(await response.arrayBuffer());
  const length = Number(response.headers.get('inference-header-content-length'));
  const json = JSON.parse(body.subarray(0, length).toString());
  let at = length;
  const tensors: Record<string, number[]> = {};
  for (const { name, parameters } of json.outputs) {
    const size = parameters?.binary_data_size;
    if (size === undefined) continue;
    const copy = new Uint8Array(body.subarray(at, at + size));
    tensors[name] = [...new Float32Array(copy.buffer)];
    at += size;
  }
  return { json, tensors, leftOver: body.length - at };
}

/** A request in JSON; `more` is added to it, `input` to its input. */
export function jsonRequest(data: unknown, count = 1, more: object = {}, input: object = {}): string {
  const tensor = { name: 'board_input', shape: [count, 14, 8, 8], datatype: 'FP32', data, ...input };
  return JSON.stringify({ inputs: [tensor], ...more });
}

/** Numbers as nested arrays of a shape. */
export function nested(values: readonly number[], shape: readonly number[]): unknown {
  const [length = 0, ...rest] = shape;
  if (rest.length === 0) return values;
  const size = values.length / length;
  return Array.from({ length }, (_, i) => nested(values.slice(i * size, (i + 1) * size), rest));
}

/** The sentence of a refusal, which must have the protocol's shape. */
export async function errorOf(response: Response): Promise<string> {
  expect(response.headers.get('content-type')).toBe('application/json');
  const body = (await response.json()) as { error: string };
  expect(Object.keys(body)).toEqual(['error']);
  return body.error;
}
