import type { Session, SessionExit } from '@caissa/session';
import { expect, it } from 'vitest';
import { SessionShelf } from './session-shelf.js';

/** A session without its process. */
function fakeSession() {
  let end: (exit: SessionExit) => void = () => undefined;
  let closed = false;
  const exited = new Promise<SessionExit>((resolve) => {
    end = resolve;
  });
  const session = {
    exited,
    close: async () => {
      closed = true;
      end({ code: 0, signal: null });
    },
  } as unknown as Session;
  return { session, die: () => end({ code: null, signal: 'SIGKILL' }), isClosed: () => closed };
}

it('hands a session over once', () => {
  const shelf = new SessionShelf(() => 2);
  const { session, isClosed } = fakeSession();
  shelf.put('a', session);
  expect(shelf.take('b')).toBeUndefined();
  expect(shelf.take('a')).toBe(session);
  expect(shelf.take('a')).toBeUndefined();
  expect(isClosed()).toBe(false);
});

it('ends the oldest when there are too many, also when the capacity shrinks', () => {
  let capacity = 2;
  const shelf = new SessionShelf(() => capacity);
  const [a, b, c] = [fakeSession(), fakeSession(), fakeSession()];
  shelf.put('a', a.session);
  shelf.put('b', b.session);
  shelf.put('c', c.session);
  expect([a, b, c].map((one) => one.isClosed())).toEqual([true, false, false]);
  capacity = -1;
  shelf.trim();
  expect(shelf.size).toBe(0);
  expect(c.isClosed()).toBe(true);
});

it('keeps one session of a model, the newer one', async () => {
  const shelf = new SessionShelf(() => 2);
  const [old, young] = [fakeSession(), fakeSession()];
  shelf.put('a', old.session);
  shelf.put('a', young.session);
  expect(old.isClosed()).toBe(true);
  await old.session.exited;
  expect(shelf.take('a')).toBe(young.session);
});

it('forgets a session whose process has died', async () => {
  const shelf = new SessionShelf(() => 2);
  const { session, die } = fakeSession();
  shelf.put('a', session);
  die();
  await session.exited;
  await Promise.resolve();
  expect(shelf.take('a')).toBeUndefined();
});

it('ends a session that nobody asked for, and all when it is cleared', async () => {
  const shelf = new SessionShelf(() => 2, 20);
  const [a, b] = [fakeSession(), fakeSession()];
  shelf.put('a', a.session);
  await expect.poll(a.isClosed).toBe(true);
  expect(shelf.size).toBe(0);
  shelf.put('b', b.session);
  await shelf.clear();
  expect(b.isClosed()).toBe(true);
});
