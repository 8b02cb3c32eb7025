import { expect, it } from 'vitest';
import { connection, judge, noteAnswer, noteSilence, PROBE } from './connection';

it.each([
  [200, { success: true }, 'online'],
  [200, undefined, 'online'],
  [404, { code: 'MODEL_NOT_FOUND' }, 'online'],
  [500, undefined, 'online'],
  [502, '<html>', 'offline'],
  [504, { code: 'REDIS_UNAVAILABLE' }, 'offline'],
  [503, undefined, 'offline'],
  [503, null, 'offline'],
  [503, { code: 'REDIS_UNAVAILABLE' }, 'degraded'],
  [503, { code: 'STORE_UNAVAILABLE' }, 'online'],
])('%i with %j', (status, body, state) => {
  expect(judge(status, body)).toBe(state);
});

it('is offline from a silence to the next answer', () => {
  expect(connection.get()).toBe('online');
  noteSilence();
  expect(connection.get()).toBe('offline');
  noteAnswer('/api/model/exports', 200, {});
  expect(connection.get()).toBe('online');
});

it('is degraded until a request that needs the queue is answered', () => {
  noteAnswer('/api/jobs', 503, { code: 'REDIS_UNAVAILABLE' });
  expect(connection.get()).toBe('degraded');
  noteAnswer('/api/model/exports', 200, {});
  expect(connection.get()).toBe('degraded');
  noteAnswer(PROBE, 200, {});
  expect(connection.get()).toBe('online');
});
