import { enqueue } from '@caissa/queue';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readEvents } from '../../test-support/read-events.js';
import { startTestApi, type TestApi } from '../../test-support/start-test-api.js';
import type { ApiSettings } from '../context.js';
import { withBasePath } from './base-path.js';

/** One that is told its base path, and one that learns it from its proxy. */
let told: TestApi;
let learning: TestApi;
beforeAll(async () => {
  const open = async (settings: Partial<ApiSettings>) => {
    const api = await startTestApi(inject('redisUrl'), settings);
    await api.addModel('model_v1');
    await api.addExport('model_v1', 'pytorch', Buffer.from('weights'));
    return api;
  };
  [told, learning] = await Promise.all([open({ BASE_PATH: '/caissa' }), open({})]);
});
afterAll(() => Promise.all([told.close(), learning.close()]));

const PREFIX = { 'X-Forwarded-Prefix': '/other/' };

/** What a proxy does, the path that it sends for the base, what it says, and the base. */
const PROXIES = [
  ['passes on the path', '/caissa', {}, '/caissa'],
  ['takes it off', '', {}, '/caissa'],
  ['says another one, which does not count', '', PREFIX, '/caissa'],
  ['takes it off and says so where nothing is set', '', PREFIX, '/other'],
] as const;

describe.each(PROXIES)('behind a proxy that %s', (_, sent, headers, base) => {
  const server = () => (base === '/other' ? learning : told).url;
  const get = (path: string, also = {}) => request(server()).get(path).set(also).redirects(0);

  it('answers where it is asked', async () => {
    for (const path of [
      '/livez',
      '/readyz',
      '/metrics',
      '/v2/health/live',
      '/api/model/list',
      '/api/docs',
      '/sign-in',
    ]) {
      expect([path, (await get(`${sent}${path}`, headers)).status]).toEqual([path, 200]);
    }
    expect((await get(`${sent}/elsewhere`, headers)).status).toBe(404);
  });

  it('gives addresses below the base', async () => {
    const response = await request(server()).post(`${sent}/api/model/export/onnx/model_v1`).set(headers);
    const job = response.body;
    const self = `${base}/api/jobs/${job.job_id}`;
    expect(response.headers['location']).toBe(self);
    expect(job).toMatchObject({ status_url: self, events_url: `${self}/events`, type: 'export' });
    const shown = (await get(`${sent}/api/jobs/${job.job_id}`, headers)).body;
    expect(shown.links).toEqual({ self, events: `${self}/events` });
    const { jobs } = (await get(`${sent}/api/jobs`, headers)).body;
    expect(jobs[0].links.self).toBe(self);
    const { exports } = (await get(`${sent}/api/model/exports`, headers)).body;
    expect(exports[0].download_url).toBe(`${base}/api/model/download/${exports[0].filename}`);
    expect((await get(`${exports[0].download_url}`.replace(base, sent), headers)).status).toBe(200);
    const problem = (await get(`${sent}/api/jobs/none`, headers)).body;
    expect(problem.type).toBe(`${base}/api/docs/errors#JOB_NOT_FOUND`);
    const document = (await get(`${sent}/api/openapi.json`, headers)).body;
    expect(document.servers).toEqual([{ url: `${base}/` }]);
  });

  it.each(['/api/docs', '/api/docs/errors', '/sign-in', '/admin/queues', '/admin/queues/queue/export'])(
    '%s names nothing outside the base, and all that it names is there',
    async (path) => {
      const page = (await get(`${sent}${path}`, headers)).text;
      const named = [...page.matchAll(/(?:href|src|action|data-next)="([^"#]+)"/g)].map(([, address]) =>
        String(address),
      );
      const root = /<base href="([^"]+)">/.exec(page)?.[1] ?? `${base}${path}`;
      for (const address of named) {
        const { pathname } = new URL(address, `http://host${root}`);
        expect(pathname).toMatch(new RegExp(`^${base}/`));
        expect([pathname, (await get(pathname.replace(base, sent), headers)).status]).not.toEqual([pathname, 404]);
      }
      expect(named.length).toBeGreaterThan(1);
      expect(page).not.toMatch(/"\/(api|pages|admin)\//);
    },
  );

  it('keeps the session of a browser to the base', async () => {
    const response = await request(server()).delete(`${sent}/api/session`).set(headers);
    expect(String(response.headers['set-cookie'])).toContain(`; Path=${base}/;`);
  });
});

it('sends who leaves out the last slash to the page', async () => {
  const get = (path: string) => request(told.url).get(path).redirects(0);
  const response = await get('/caissa?a=1');
  expect([response.status, response.headers['location']]).toEqual([308, '/caissa/?a=1']);
  expect((await get('/caissar')).status).toBe(404);
});

it('gives addresses in the events of a job', async () => {
  const { job } = await enqueue(told.context.jobs, 'inspect', { model_name: 'gone', identity: 'x' });
  await fetch(`${told.url}/caissa/api/jobs/${job.id}`, { method: 'DELETE' });
  const reader = await readEvents(`${told.url}/caissa/api/jobs/${job.id}/events`);
  await reader.ended;
  expect(reader.response.headers.get('X-Accel-Buffering')).toBe('no');
  expect(reader.response.headers.get('Content-Encoding')).toBeNull();
  expect(reader.events.at(-1)?.data).toMatchObject({ links: { self: `/caissa/api/jobs/${job.id}` } });
});

it('leaves alone what users wrote', () => {
  const text = JSON.stringify({ note: '"self":"/api/x"', metadata: { url: '/api/x' }, type: 'export' });
  expect(withBasePath({ basePath: '/caissa' }, text)).toBe(text);
});
