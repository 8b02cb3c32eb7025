import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { rawGet, rawRequest } from '../../test-support/raw-request.js';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi(inject('redisUrl'));
  await api.addModel('model_v1');
});

afterAll(() => api.close());

const post = (path: string, body?: string, headers: Record<string, string> = {}) =>
  fetch(`${api.url}${path}`, { method: 'POST', ...(body === undefined ? {} : { body }), headers });

const json = { 'Content-Type': 'application/json' };

async function expectProblem(response: Response, status: number, code: string): Promise<Record<string, unknown>> {
  const problem = (await response.json()) as Record<string, unknown>;
  expect({ status: response.status, code: problem['code'] }).toEqual({ status, code });
  expect(response.headers.get('Content-Type')).toBe('application/problem+json; charset=utf-8');
  expect(problem).toMatchObject({ success: false, status, title: expect.any(String), type: expect.any(String) });
  expect(problem['request_id']).toBe(response.headers.get('X-Request-Id'));
  expect(JSON.stringify(problem)).not.toMatch(/node_modules|\/tmp|at \w+ \(/);
  return problem;
}

describe('addresses', () => {
  it('answers 404 for a route that is not there', async () => {
    await expectProblem(await fetch(`${api.url}/api/nothing`), 404, 'ROUTE_NOT_FOUND');
    await expectProblem(await fetch(`${api.url}/api/model/info/a/b`), 404, 'ROUTE_NOT_FOUND');
    await expectProblem(await fetch(`${api.url}/API/model/list`), 404, 'ROUTE_NOT_FOUND');
  });

  it('answers 405 with what is allowed', async () => {
    const response = await post('/api/model/list');
    expect(response.headers.get('Allow')).toBe('GET, HEAD');
    await expectProblem(response, 405, 'METHOD_NOT_ALLOWED');
    // A row with a parameter matches this address too.
    for (const method of ['GET', 'DELETE']) {
      const cleanup = await fetch(`${api.url}/api/model/exports/cleanup`, { method });
      expect(cleanup.headers.get('Allow')).toBe('POST');
      await expectProblem(cleanup, 405, 'METHOD_NOT_ALLOWED');
    }
  });

  it.each([
    ['/api/model/list', 'GET, HEAD'],
    ['/api/session', 'DELETE, GET, HEAD, POST'],
    ['/api/openapi.json', 'GET, HEAD'],
    ['/livez', 'GET, HEAD'],
    ['/readyz', 'GET, HEAD'],
    ['/metrics', 'GET, HEAD'],
  ])('answers 405 for TRACE %s', async (path, allowed) => {
    const answer = await rawRequest(api.url, `TRACE ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 405 /);
    expect(answer).toContain(`Allow: ${allowed}\r\n`);
  });

  it('serves a path with a slash at its end', async () => {
    expect((await fetch(`${api.url}/api/model/list/`)).status).toBe(200);
    expect((await post('/api/model/export/onnx/model_v1/')).status).toBe(202);
    await expectProblem(await post('/api/model/list/'), 405, 'METHOD_NOT_ALLOWED');
  });

  it('tells OPTIONS what is allowed', async () => {
    const response = await fetch(`${api.url}/api/jobs/x`, { method: 'OPTIONS' });
    expect([response.status, response.headers.get('Allow')]).toEqual([204, 'DELETE, GET, HEAD']);
  });

  it('answers HEAD without a body', async () => {
    const response = await fetch(`${api.url}/api/model/list`, { method: 'HEAD' });
    expect(response.status).toBe(200);
    expect(Number(response.headers.get('Content-Length'))).toBeGreaterThan(50);
    expect(await response.text()).toBe('');
  });

  const names = [
    '..',
    '.hidden',
    '%2e%2e',
    'a%2fb',
    '..%2f..%2fetc%2fpasswd',
    'a%00b',
    'a%20b',
    '%C3%A4',
    'x'.repeat(300),
  ];
  it.each(names)('refuses the name %s', async (name) => {
    for (const path of ['/api/model/info/', '/api/model/download/']) {
      const answer = await rawGet(api.url, path + name);
      expect(answer).toContain('"code":"INVALID_NAME"');
      expect(answer).toMatch(/^HTTP\/1.1 400 /);
    }
    const exported = await rawRequest(
      api.url,
      `POST /api/model/export/onnx/${name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(exported).toContain('"code":"INVALID_NAME"');
  });

  it.each(['%zz', '%', '%c3%28'])('refuses the encoding %s', async (text) => {
    const answer = await rawGet(api.url, `/api/model/info/${text}`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);
    expect(answer).toContain('"code":"INVALID_PARAMETER"');
  });

  it('serves a target in absolute form, whose host counts', async () => {
    const head = 'HTTP/1.1\r\nHost: elsewhere\r\nConnection: close\r\n\r\n';
    expect(await rawRequest(api.url, `GET http://localhost/api/model/list ${head}`)).toMatch(/^HTTP\/1.1 200 /);
    expect(await rawRequest(api.url, `GET http://elsewhere/api/model/list ${head}`)).toMatch(/^HTTP\/1.1 403 /);
  });

  it.each([
    ['a line that is none', 'nonsense\r\n\r\n', 400, 'INVALID_REQUEST'],
    ['no Host', 'GET /api/jobs HTTP/1.1\r\nConnection: close\r\n\r\n', 400, 'INVALID_REQUEST'],
    [
      'an unknown expectation',
      'GET /api/jobs HTTP/1.1\r\nHost: localhost\r\nExpect: 200-ok\r\nConnection: close\r\n\r\n',
      417,
      'EXPECTATION_FAILED',
    ],
    [
      'a head that is too large',
      `GET /api/jobs HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
    [
      'chunk extensions that are too large',
      `POST /api/model/export/onnx/model_v1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2;${'x'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
      413,
      'BODY_TOO_LARGE',
    ],
  ])('answers %s with a problem document', async (_, text, status, code) => {
    const [head = '', body = ''] = (await rawRequest(api.url, text)).split('\r\n\r\n');
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(head).toContain('Content-Type: application/problem+json; charset=utf-8');
    expect(JSON.parse(body)).toMatchObject({ success: false, status, code });
  });

  it('refuses a Host that is none', async () => {
    const request = 'GET /api/jobs HTTP/1.1\r\nHost: a b[\r\nConnection: close\r\n\r\n';
    expect(await rawRequest(api.url, request)).toMatch(/^HTTP\/1.1 400 /);
  });

  it('says which parameter is wrong', async () => {
    const problem = await expectProblem(
      await fetch(`${api.url}/api/jobs?limit=0&status=lost`),
      400,
      'INVALID_PARAMETER',
    );
    expect(problem['errors']).toEqual([
      { pointer: '?status', detail: expect.any(String) },
      { pointer: '?limit', detail: 'must be a whole number from 1 to 200' },
    ]);
    await expectProblem(await fetch(`${api.url}/api/jobs?limit=1&limit=2`), 400, 'INVALID_PARAMETER');
  });
});

describe('bodies', () => {
  const path = '/api/model/export/onnx/model_v1';

  it('takes none, an empty object and metadata', async () => {
    for (const body of [undefined, '{}', '{"metadata":{"a":[1,{"b":null}]}}']) {
      expect((await post(path, body, json)).status).toBe(202);
    }
    expect((await post(path, '{}', { 'Content-Type': 'application/json; charset=utf-8' })).status).toBe(202);
  });

  it('takes null for what may be left out', async () => {
    const body = '{"metadata":null,"options":null,"weights":null}';
    const response = await post(path, body, json);
    expect(response.status).toBe(202);
    expect(await response.json()).not.toHaveProperty('warnings');
  });

  it('ignores fields that it does not know, and names them', async () => {
    const body = JSON.stringify({ metadata: { any: 1 }, extra: 1, options: { opsett: 13, opset: 12 } });
    const response = await post(path, body, json);
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({
      warnings: [
        'The field /extra of the body is not known and was ignored.',
        'The field /options/opsett of the body is not known and was ignored.',
      ],
    });
    // What removes files must not guess.
    const cleanup = await post('/api/model/exports/cleanup', '{"keep_recent":1,"dryrun":true}', json);
    await expectProblem(cleanup, 400, 'INVALID_BODY');
  });

  it.each(['\v', ' ', '\ufeff'])('counts %j as a body that is no JSON, and begins nothing', async (body) => {
    await expectProblem(await post('/api/model/rollback', body, json), 400, 'INVALID_BODY');
    await expectProblem(await post('/api/model/load/model_v1', body, json), 400, 'INVALID_BODY');
  });

  it.each(['{', '{"metadata":', 'null', '[]', '"x"', '{"metadata":[]}'])('refuses %s', async (body) => {
    await expectProblem(await post(path, body, json), 400, 'INVALID_BODY');
  });

  it('points at what is wrong', async () => {
    const body = JSON.stringify({ options: { opset: 7, verify: 'some' } });
    const problem = await expectProblem(await post(path, body, json), 400, 'INVALID_BODY');
    expect(problem['errors']).toEqual([
      { pointer: '/options/opset', detail: expect.any(String) },
      { pointer: '/options/verify', detail: expect.any(String) },
    ]);
  });

  it('refuses an integer that it would round, and says how to send it', async () => {
    const body = '{"metadata":{"seed":12345678901234567890}}';
    const { detail } = await expectProblem(await post(path, body, json), 400, 'INVALID_BODY');
    expect(detail).toBe('The integer 12345678901234567890 is too large to be kept exactly: send it as text.');
    expect((await post(path, body.replace(/\d+/, '"$&"'), json)).status).toBe(202);
  });

  it('refuses a hundred thousand brackets', async () => {
    await expectProblem(await post(path, '['.repeat(100_000), json), 400, 'INVALID_BODY');
    const nested = `{"metadata":${'{"a":'.repeat(30_000)}1${'}'.repeat(30_001)}`;
    await expectProblem(await post(path, nested, json), 400, 'INVALID_BODY');
    const deep = `{"metadata":${'{"a":'.repeat(40)}1${'}'.repeat(41)}`;
    await expectProblem(await post(path, deep, json), 400, 'INVALID_BODY');
  });

  it('refuses what is not UTF-8', async () => {
    const body = Buffer.from([0x22, 0xff, 0x22]);
    const response = await fetch(`${api.url}${path}`, { method: 'POST', headers: json, body });
    await expectProblem(response, 400, 'INVALID_BODY');
  });

  it('refuses more than their route needs, announced or not', async () => {
    await expectProblem(await post(path, JSON.stringify({ a: 'x'.repeat(1 << 20) }), json), 413, 'BODY_TOO_LARGE');
    const chunked = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 20; i++) controller.enqueue(new Uint8Array(1 << 16).fill(0x20));
        controller.close();
      },
    });
    const response = await fetch(`${api.url}${path}`, { method: 'POST', headers: json, body: chunked, duplex: 'half' });
    await expectProblem(response, 413, 'BODY_TOO_LARGE');
  });

  it.each([
    ['/api/session', { key: 'x'.repeat(5_000) }],
    ['/api/model/exports/cleanup', { keep_recent: 1, note: 'x'.repeat(20_000) }],
    ['/api/model/load/model_v1', { note: 'x'.repeat(20_000) }],
    ['/api/model/evaluate', { fen: 'x'.repeat(300_000) }],
  ])('refuses for %s what is large for it', async (route, body) => {
    await expectProblem(await post(route, JSON.stringify(body), json), 413, 'BODY_TOO_LARGE');
  });

  it.each(['/api/model/evaluate', '/api/model/exports/cleanup'])('refuses for %s too many values', async (route) => {
    const body = JSON.stringify({ fens: Array(2_000).fill(0) });
    const { detail } = await expectProblem(await post(route, body, json), 400, 'INVALID_BODY');
    expect(detail).toMatch(/^The body holds more than (512|1000) values/);
  });

  it('refuses metadata beyond its limit', async () => {
    const body = JSON.stringify({ metadata: { a: 'x'.repeat(70_000) } });
    await expectProblem(await post(path, body, json), 400, 'INVALID_BODY');
  });

  it('refuses other media types, and none where there is a body', async () => {
    await expectProblem(await post(path, '{}', { 'Content-Type': 'text/plain' }), 415, 'UNSUPPORTED_MEDIA_TYPE');
    await expectProblem(
      await post(path, 'a=b', { 'Content-Type': 'application/x-www-form-urlencoded' }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    );
    await expectProblem(await post(path, '{}', { ...json, 'Content-Encoding': 'gzip' }), 415, 'UNSUPPORTED_MEDIA_TYPE');
    await expectProblem(await post('/api/model/load/model_v1', '{', json), 400, 'INVALID_BODY');
  });

  it('one after the other on one connection leave nothing behind', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => warnings.push(warning);
    process.on('warning', note);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let count = 0; count < 15; count++) {
      const sending = request(`${api.url}${path}`, { method: 'POST', agent, headers: json }).end('{}');
      const [response] = (await once(sending, 'response')) as [IncomingMessage];
      expect(response.statusCode).toBe(202);
      await response.resume().toArray();
    }
    agent.destroy();
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('needs one for a clean-up', async () => {
    await expectProblem(await post('/api/model/exports/cleanup'), 400, 'INVALID_BODY');
  });
});

describe('request ids', () => {
  const send = async (id: string) => {
    const response = await fetch(`${api.url}/api/jobs`, { headers: { 'X-Request-Id': id } });
    return response.headers.get('X-Request-Id');
  };

  it('keeps one that is harmless', async () => {
    expect(await send('abc-123:4.5_6')).toBe('abc-123:4.5_6');
  });

  it.each(['a b', '<script>', 'x'.repeat(129)])('replaces %s', async (id) => {
    expect(await send(id)).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
  });

  it('hands it on to the job', async () => {
    const response = await post('/api/model/export/pytorch/model_v1', undefined, { 'X-Request-Id': 'to-the-job' });
    const { job_id } = (await response.json()) as { job_id: string };
    const job = await api.context.jobs.queues.export.queue.getJob(job_id);
    expect(job?.data).toMatchObject({ request_id: 'to-the-job', requested_by: 'anonymous' });
  });
});
