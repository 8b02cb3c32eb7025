import { INTERFACE_CARD } from '@caissa/chess/interface-card';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { binaryRequest, openProtocol, type ProtocolHarness, someBoards } from '../../test-support/protocol-harness.js';

let server: ProtocolHarness;
beforeEach(async () => {
  server = await openProtocol();
});
afterEach(() => server.close());

async function json(path: string, method: 'get' | 'post' = 'get', body?: string) {
  const response = await (method === 'get' ? server.get(path) : server.post(path, body));
  expect(response.headers.get('content-encoding')).toBeNull();
  return { status: response.status, body: await response.json() };
}

describe('health', () => {
  test.each([
    ['/v2/health/live', 200],
    ['/v2/health/ready', 200],
    ['/v2/models/active/ready', 200],
    ['/v2/models/current/ready', 200],
    ['/v2/models/current/versions/3/ready', 200],
    ['/v2/models/current/versions/2/ready', 400],
    ['/v2/models/resting/ready', 400],
    ['/v2/models/nobody/ready', 400],
    ['/v2/models/..%2Fx/ready', 400],
  ])('%s is %i', async (path, status) => {
    expect((await server.get(path)).status).toBe(status);
  });

  test('is told in the bodies that the protocol has for it', async () => {
    expect(await json('/v2/health/live')).toEqual({ status: 200, body: { live: true } });
    expect(await json('/v2/health/ready')).toEqual({ status: 200, body: { ready: true } });
    expect(await json('/v2/models/active/ready')).toEqual({ status: 200, body: { name: 'current', ready: true } });
  });

  test('is not ready without a session', async () => {
    server.engine.active = undefined;
    expect(await json('/v2/health/ready')).toEqual({ status: 400, body: { error: expect.any(String) } });
    expect((await server.get('/v2/health/live')).status).toBe(200);
    expect((await server.get('/v2/models/active/ready')).status).toBe(400);
  });
});

describe('an active model that is not open here yet', () => {
  beforeEach(() => {
    server.engine.active = undefined;
    server.engine.awaited = 'current';
  });
  const START = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';

  test.each(['active', 'current'])('is to be asked for again in a moment, as %s', async (name) => {
    const answers = await Promise.all([
      ...['', '/config', '/stats'].map((path) => server.get(`/v2/models/${name}${path}`)),
      server.post(`/v2/models/${name}/infer`, '{}'),
      server.post('/evaluate', JSON.stringify({ fen: START, model: name })),
    ]);
    for (const { status, headers } of answers) expect([status, headers.get('retry-after')]).toEqual([503, '1']);
    expect((await server.get(`/v2/models/${name}/ready`)).status).toBe(400);
    expect(server.engine.resting).toContain('resting');
  });

  test('is not taken for none', async () => {
    const response = await server.post('/evaluate', JSON.stringify({ fen: START }));
    expect(await response.json()).toMatchObject({ status: 503, code: 'NO_READY_REPLICA' });
  });
});

describe('a model beside the active one whose process is started again', () => {
  test('is to be asked for again in a moment, and not to be loaded', async () => {
    server.engine.lost.add('restarted');
    const response = await server.post('/v2/models/restarted/infer', '{}');
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toEqual({ error: expect.stringContaining('Model restarted is not open') });
  });
});

describe('descriptions', () => {
  test('of the server', async () => {
    expect(await json('/v2')).toEqual({
      status: 200,
      body: {
        name: 'caissa',
        version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
        extensions: ['binary_tensor_data', 'model_repository', 'model_configuration', 'statistics'],
      },
    });
  });

  test.each(['/v2/models/current', '/v2/models/active', '/v2/models/current/versions/3'])(
    'of a model at %s',
    async (path) => {
      expect(await json(path)).toEqual({
        status: 200,
        body: {
          name: 'current',
          versions: ['3'],
          platform: 'onnx_onnxv1',
          inputs: [
            {
              name: 'board_input',
              datatype: 'FP32',
              shape: [-1, 14, 8, 8],
              parameters: { description: INTERFACE_CARD.board },
            },
          ],
          outputs: [
            {
              name: 'policy_output',
              datatype: 'FP32',
              shape: [-1, 4096],
              parameters: { description: INTERFACE_CARD.policy },
            },
            {
              name: 'value_output',
              datatype: 'FP32',
              shape: [-1, 1],
              parameters: { description: INTERFACE_CARD.value },
            },
          ],
        },
      });
    },
  );

  test.each(['/v2/models/other/config', '/v2/models/other/versions/1/config'])(
    'of a configuration at %s',
    async (path) => {
      expect(await json(path)).toEqual({
        status: 200,
        body: {
          name: 'other',
          platform: 'onnx_onnxv1',
          backend: 'onnxruntime',
          max_batch_size: 4096,
          input: [{ name: 'board_input', data_type: 'TYPE_FP32', dims: [14, 8, 8] }],
          output: [
            { name: 'policy_output', data_type: 'TYPE_FP32', dims: [4096] },
            { name: 'value_output', data_type: 'TYPE_FP32', dims: [1] },
          ],
          version_policy: { latest: { num_versions: 1 } },
        },
      });
    },
  );

  test.each(['', '/config', '/stats', '/versions/1', '/versions/1/config', '/versions/1/stats'])(
    'of an unknown model are 404 at %s',
    async (rest) => {
      expect(await json(`/v2/models/nobody${rest}`)).toEqual({
        status: 404,
        body: { error: expect.stringContaining('nobody') },
      });
    },
  );
});

describe('statistics', () => {
  const times = { count: 2, ns: 3_000 };
  const current = {
    name: 'current',
    version: '3',
    last_inference: 1_700_000_000_000,
    inference_count: 7,
    execution_count: 2,
    inference_stats: {
      success: times,
      fail: { count: 1, ns: 5 },
      queue: times,
      compute_input: times,
      compute_infer: times,
      compute_output: times,
      cache_hit: { count: 0, ns: 0 },
      cache_miss: { count: 0, ns: 0 },
    },
    batch_stats: [
      {
        batch_size: 4,
        compute_input: { count: 1, ns: 0 },
        compute_infer: { count: 1, ns: 9 },
        compute_output: { count: 1, ns: 0 },
      },
    ],
  };

  test.each(['/v2/models/current/stats', '/v2/models/active/versions/3/stats'])('of one model at %s', async (path) => {
    expect(await json(path)).toMatchObject({ status: 200, body: { model_stats: [current] } });
  });

  test('of all ready models', async () => {
    const { body } = await json('/v2/models/stats');
    expect(body).toMatchObject({ model_stats: [current, { name: 'other', version: '1' }] });
  });
});

describe('the repository', () => {
  const CURRENT = { name: 'current', version: '3', state: 'READY', reason: '' };
  const OTHER = { name: 'other', version: '1', state: 'READY', reason: '' };
  const RESTING = { name: 'resting', state: 'UNAVAILABLE', reason: 'not loaded' };

  test.each([
    [undefined, [CURRENT, OTHER, RESTING]],
    ['{}', [CURRENT, OTHER, RESTING]],
    ['{"ready":false}', [CURRENT, OTHER, RESTING]],
    ['{"ready":true}', [CURRENT, OTHER]],
  ])('lists its models, asked with %s', async (body, expected) => {
    expect(await json('/v2/repository/index', 'post', body)).toEqual({ status: 200, body: expected });
  });

  test('lists its models for a client that sends neither body nor length', async () => {
    const answer = await server.raw(
      'POST /v2/repository/index HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
      false,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('"resting"');
  });

  test('loads and unloads', async () => {
    const load = await server.post('/v2/repository/models/resting/load');
    expect([load.status, await load.text()]).toEqual([200, '']);
    expect((await server.get('/v2/models/resting/ready')).status).toBe(200);
    const unload = await server.post(
      '/v2/repository/models/resting/unload',
      '{"parameters":{"unload_dependents":false}}',
    );
    expect([unload.status, await unload.text()]).toEqual([200, '']);
    expect((await server.get('/v2/models/resting/ready')).status).toBe(400);
  });

  test.each([
    ['index', '{"ready":1}', 400],
    ['index', '[]', 400],
    ['index', '{', 400],
    ['models/nobody/load', undefined, 404],
    ['models/nobody/unload', undefined, 404],
    ['models/current/unload', undefined, 409],
    ['models/active/load', undefined, 400],
    ['models/active/unload', undefined, 400],
    ['models/stats/load', undefined, 400],
    ['models/.x/load', undefined, 400],
    ['models/resting/load', 'x', 400],
    ['models/resting/load', '{"parameters":{"config":"{}"}}', 501],
    ['models/resting/load', '{"parameters":{"file:1/model.onnx":"AAAA"}}', 501],
    ['models/resting/load', `{"x":"${'y'.repeat(1 << 20)}"}`, 413],
  ])('refuses %s with %.60s', async (path, body, status) => {
    expect(await json(`/v2/repository/${path}`, 'post', body)).toEqual({ status, body: { error: expect.any(String) } });
    expect(server.engine.resting.has('resting')).toBe(true);
  });
});

describe('what is not there', () => {
  test.each([
    '/v2/systemsharedmemory/status',
    '/v2/systemsharedmemory/region/x/status',
    '/v2/cudasharedmemory/status',
    '/v2/trace/setting',
    '/v2/models/current/trace/setting',
    '/v2/logging',
  ])('%s is 501 with either method', async (path) => {
    expect(await json(path)).toEqual({ status: 501, body: { error: expect.stringContaining('not offered') } });
    expect((await json(path, 'post', '{}')).status).toBe(501);
  });

  test.each([
    '/',
    '/v1',
    '/v2/',
    '/v2/models',
    '/v2/models/current/',
    '/v2/models/current/generate',
    '/metrics',
    '/v2/health',
    '//',
  ])('%s is 404', async (path) => {
    expect(await json(path)).toEqual({ status: 404, body: { error: 'There is no such route.' } });
  });

  test.each([
    ['GET', '/v2/models/current/infer', 'POST'],
    ['DELETE', '/v2/models/current', 'GET, HEAD'],
    ['POST', '/v2', 'GET, HEAD'],
    ['OPTIONS', '/v2/models/current/infer', 'POST'],
    ['PUT', '/v2/repository/models/other/load', 'POST'],
  ])('%s %s is 405', async (method, path, allowed) => {
    const response = await fetch(`${server.url}${path}`, { method });
    expect([response.status, response.headers.get('allow')]).toEqual([405, allowed]);
    expect(await response.json()).toEqual({ error: expect.stringContaining(allowed) });
  });

  test('HEAD is answered as GET is, without the body', async () => {
    const response = await fetch(`${server.url}/v2`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(50);
    expect((await fetch(`${server.url}/v2/models/current/infer`, { method: 'HEAD' })).status).toBe(405);
  });
});

test('answers are told of with their route, not their address', async () => {
  const told: [string, number][] = [];
  const other = await openProtocol({ onAnswer: (route, status) => told.push([route, status]) });
  await other.get('/v2/models/current');
  await other.get('/v2/models/nobody');
  await other.get('/nowhere');
  await other.close();
  expect(told).toEqual([
    ['/v2/models/:model', 200],
    ['/v2/models/:model', 404],
    ['none', 404],
  ]);
});

test('closing lets what is under way finish', async () => {
  let finish: () => void = () => undefined;
  const { current } = server.engine;
  current.instead = async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    current.instead = undefined;
    return current.infer(someBoards(1), 1);
  };
  const other = await openProtocol();
  other.engine.active = current;
  const { body, headers } = binaryRequest(someBoards(1));
  const asked = other.post('/v2/models/active/infer', body, headers);
  await expect.poll(() => current.asked.length).toBe(1);
  const closed = other.close();
  finish();
  expect((await asked).status).toBe(200);
  await closed;
});
