import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { connection } from '../state/connection';
import { request } from './client';

beforeEach(() => connection.set('online'));
afterEach(() => {
  connection.set('online');
  vi.unstubAllGlobals();
});

const answers = {
  silence: () => Promise.reject(new TypeError('failed to fetch')),
  'a gateway that has waited': () => Promise.resolve(new Response('', { status: 504 })),
  'an answer that is cut short': () => Promise.resolve(new Response('{"positions":')),
};

it.each(Object.entries(answers))('%s says that the API is gone, except to who may have to wait', async (_, answer) => {
  vi.stubGlobal('fetch', answer);
  await expect(request('/api/model/evaluate', { timeoutMs: 160_000 })).rejects.toMatchObject({ name: 'ApiError' });
  expect(connection.get()).toBe('online');
  await expect(request('/api/model/list')).rejects.toMatchObject({ name: 'ApiError' });
  expect(connection.get()).toBe('offline');
});
