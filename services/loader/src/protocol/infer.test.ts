import { request } from 'node:http';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { AppError } from '@caissa/shared/errors';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fakeOutputs } from '../../test-support/fake-engine.js';
import {
  binaryRequest,
  errorOf,
  INFER,
  jsonRequest,
  nested,
  openProtocol,
  type ProtocolHarness,
  readBinary,
  someBoards,
} from '../../test-support/protocol-harness.js';

let server: ProtocolHarness;
beforeAll(async () => {
  server = await openProtocol();
});
afterAll(() => server.close());
afterEach(() => {
  server.engine.current.instead = undefined;
  server.engine.active = server.engine.current;
});

describe('an answer', () => {
  test.each([1, 2, 3, 100])('in binary has the tensors of %i positions after its JSON', async (count) => {
    const boards = someBoards(count);
    const { body, headers } = binaryRequest(boards, { body: { id: 'a b', parameters: { binary_data_output: true } } });
    // Otherwise fetch asks for compression.
    const response = await server.post(INFER, body, { ...headers, 'Accept-Encoding': 'identity' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(response.headers.get('x-caissa-generation')).toBe('5');
    const { json, tensors, leftOver } = await readBinary(response);
    expect(json).toEqual({
      model_name: 'current',
      model_version: '3',
      id: 'a b',
      parameters: { generation: 5 },
      outputs: [
        {
          name: 'policy_output',
          datatype: 'FP32',
          shape: [count, 4096],
          parameters: { binary_data_size: count * 16_384 },
        },
        { name: 'value_output', datatype: 'FP32', shape: [count, 1], parameters: { binary_data_size: count * 4 } },
      ],
    });
    const { policy, value } = fakeOutputs(boards, count);
    expect(tensors).toEqual({ policy_output: [...policy], value_output: [...value] });
    expect(leftOver).toBe(0);
  });

  test.each(['flat', 'nested'])('in JSON equals that in binary, from %s numbers', async (form) => {
    const boards = someBoards(2);
    const data = form === 'flat' ? [...boards] : nested([...boards], [2, 14, 8, 8]);
    const response = await server.post(INFER, jsonRequest(data, 2));
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('inference-header-content-length')).toBeNull();
    const { policy, value } = fakeOutputs(boards, 2);
    expect(await response.json()).toEqual({
      model_name: 'current',
      model_version: '3',
      parameters: { generation: 5 },
      outputs: [
        { name: 'policy_output', datatype: 'FP32', shape: [2, 4096], data: [...policy] },
        { name: 'value_output', datatype: 'FP32', shape: [2, 1], data: [...value] },
      ],
    });
  });

  test('in JSON of many positions is whole', async () => {
    const boards = someBoards(9);
    const { body, headers } = binaryRequest(boards, { body: { parameters: {} } });
    const answer = (await (await server.post(INFER, body, headers)).json()) as { outputs: { data: number[] }[] };
    const { policy, value } = fakeOutputs(boards, 9);
    expect(answer.outputs.map(({ data }) => data)).toEqual([[...policy], [...value]]);
  });

  test('of a raw tensor is binary', async () => {
    const boards = someBoards(2);
    const response = await server.post(INFER, new Uint8Array(boards.buffer), {
      'Inference-Header-Content-Length': '0',
    });
    const { json, tensors } = await readBinary(response);
    expect(json).not.toHaveProperty('id');
    expect(tensors['value_output']).toEqual([...fakeOutputs(boards, 2).value]);
  });

  test('has the outputs that were asked for, in that order and each in its form', async () => {
    const boards = someBoards(1);
    const ask = async (outputs: object[], parameters: object = {}) => {
      const { body, headers } = binaryRequest(boards, { body: { outputs, parameters } });
      return server.post(INFER, body, headers);
    };
    const swapped = await readBinary(
      await ask([{ name: 'value_output' }, { name: 'policy_output' }], { binary_data_output: true }),
    );
    expect(Object.keys(swapped.tensors)).toEqual(['value_output', 'policy_output']);
    expect(swapped.tensors['value_output']).toEqual([...fakeOutputs(boards, 1).value]);
    const mixed = await readBinary(
      await ask([{ name: 'value_output' }, { name: 'policy_output', parameters: { binary_data: true } }]),
    );
    expect(mixed.json.outputs[0].data).toEqual([...fakeOutputs(boards, 1).value]);
    expect(mixed.tensors['policy_output']).toEqual([...fakeOutputs(boards, 1).policy]);
    expect(mixed.leftOver).toBe(0);
    const overridden = await ask([{ name: 'value_output', parameters: { binary_data: false } }], {
      binary_data_output: true,
    });
    expect(await overridden.json()).toMatchObject({ outputs: [{ data: [...fakeOutputs(boards, 1).value] }] });
  });

  test.each([
    ['/v2/models/active/infer', 'current', '3', 5],
    ['/v2/models/current/versions/3/infer', 'current', '3', 5],
    ['/v2/models/other/infer', 'other', '1', undefined],
    ['/v2/models/%6fther/infer?x=1', 'other', '1', undefined],
  ])('of %s is that of %s', async (path, name, version, generation) => {
    const { body, headers } = binaryRequest(someBoards(1));
    const response = await server.post(path, body, headers);
    expect(response.headers.get('x-caissa-generation')).toBe(generation === undefined ? null : String(generation));
    const { json } = await readBinary(response);
    expect([json.model_name, json.model_version, json.parameters?.generation]).toEqual([name, version, generation]);
  });
});

describe('compression', () => {
  const boards = someBoards(2);
  const plain = binaryRequest(boards);

  test.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['identity', (bytes: Uint8Array) => bytes],
  ])('of a request in %s is undone before its header counts', async (coding, compress) => {
    const body = new Uint8Array(compress(plain.body));
    const response = await server.post(INFER, body, { ...plain.headers, 'Content-Encoding': coding });
    const { tensors } = await readBinary(response);
    expect(tensors['value_output']).toEqual([...fakeOutputs(boards, 2).value]);
  });

  test.each([
    ['gzip', gunzipSync],
    ['deflate', inflateSync],
  ])('of an answer in %s is done when asked for', async (coding, decompress) => {
    const answer = await new Promise<{ headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
      const sent = request(`${server.url}${INFER}`, {
        method: 'POST',
        headers: { ...plain.headers, 'Accept-Encoding': coding },
      });
      sent.on('response', async (response) => {
        const parts: Buffer[] = [];
        for await (const part of response) parts.push(part);
        resolve({ headers: response.headers, body: Buffer.concat(parts) });
      });
      sent.on('error', reject).end(plain.body);
    });
    expect(answer.headers).toMatchObject({ 'content-encoding': coding, vary: 'Accept-Encoding' });
    expect(Number(answer.headers['content-length'])).toBe(answer.body.length);
    const body = decompress(answer.body);
    const json = JSON.parse(body.subarray(0, Number(answer.headers['inference-header-content-length'])).toString());
    expect(json.outputs).toHaveLength(2);
    expect(body.subarray(-8)).toEqual(Buffer.from(fakeOutputs(boards, 2).value.buffer));
  });

  test.each([
    ['br', Buffer.from(plain.body), 415],
    ['gzip, gzip', gzipSync(gzipSync(plain.body)), 415],
    ['gzip', Buffer.from('not gzip'), 400],
    ['gzip', gzipSync(plain.body).subarray(0, -20), 400],
    ['deflate', gzipSync(plain.body), 400],
  ])('%s that cannot be undone is refused', async (coding, body, status) => {
    const response = await server.post(INFER, new Uint8Array(body), { ...plain.headers, 'Content-Encoding': coding });
    expect(response.status).toBe(status);
    expect(await errorOf(response)).not.toBe('');
  });

  test.each(['gzip', 'deflate'])('a bomb in %s is refused without being unpacked', async (coding) => {
    const bomb = (coding === 'gzip' ? gzipSync : deflateSync)(Buffer.alloc(65 << 20));
    expect(bomb.length).toBeLessThan(100_000);
    const response = await server.post(INFER, new Uint8Array(bomb), { ...plain.headers, 'Content-Encoding': coding });
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toContain('67108864');
  });
});

describe('a model that cannot answer', () => {
  const { body, headers } = binaryRequest(someBoards(1));

  test.each([
    ['/v2/models/nobody/infer', 404, 'nobody'],
    ['/v2/models/resting/infer', 404, 'resting/load'],
    ['/v2/models/current/versions/4/infer', 404, 'version 3'],
    ['/v2/models/current/versions/a%20b/infer', 400, 'version'],
    ['/v2/models/stats/infer', 400, 'stats'],
    ['/v2/models/.hidden/infer', 400, 'name'],
    ['/v2/models/a%2Fb/infer', 400, 'name'],
    ['/v2/models/%/infer', 400, 'hexadecimal'],
  ])('%s is %i', async (path, status, words) => {
    const response = await server.post(path, body, headers);
    expect(response.status).toBe(status);
    expect(await errorOf(response)).toContain(words);
  });

  test('is 503 when nothing is active', async () => {
    server.engine.active = undefined;
    const response = await server.post('/v2/models/active/infer', body, headers);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(await errorOf(response)).toContain('No model is active');
  });

  test('is 503 with Retry-After when it has too much to do', async () => {
    server.engine.current.instead = () => {
      throw new AppError('OVERLOADED', 'The queue is full.', { retryAfterSeconds: 3 });
    };
    const response = await server.post(INFER, body, headers);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '3']);
    expect(await errorOf(response)).toBe('The queue is full.');
  });

  test('is 500 without details when something is wrong inside', async () => {
    server.engine.current.instead = async () => {
      throw new TypeError('secret');
    };
    const response = await server.post(INFER, body, headers);
    expect(response.status).toBe(500);
    expect(await errorOf(response)).not.toContain('secret');
  });

  test('is 500 when JSON cannot hold what it answered', async () => {
    const { policy } = fakeOutputs(someBoards(1), 1);
    const timing = { queueNs: 0, runNs: 0 };
    server.engine.current.instead = async () => ({ policy, value: Float32Array.of(Number.NaN), generation: 5, timing });
    expect((await server.post(INFER, jsonRequest([...someBoards(1)]))).status).toBe(500);
  });
});
