import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { jsonRequest, someBoards } from '../../test-support/protocol-harness.js';
import { parseInferRequest } from './infer-request.js';
import { readInferRequest } from './read-infer-request.js';

/** A body in memory of its own, as it is read from a connection. */
const bodyOf = (text: string) => Buffer.from(new TextEncoder().encode(text).buffer);

/** What became of a request, and how often others had their turn meanwhile. */
async function readAmongOthers(text: string, header?: string) {
  let turns = 0;
  let done = false;
  const reading = readInferRequest(bodyOf(text), header).finally(() => {
    done = true;
  });
  reading.catch(() => undefined);
  while (!done) {
    await nextTurn();
    turns++;
  }
  return { reading, turns };
}

const count = 400;
const large = jsonRequest([...someBoards(count)], count, { id: 'a', parameters: { binary_data_output: true } });

it('a large body in JSON is read as a small one is, while others have their turns', async () => {
  const { reading, turns } = await readAmongOthers(large);
  expect(await reading).toEqual(parseInferRequest(bodyOf(large), undefined));
  expect(turns).toBeGreaterThan(3);
});

it.each([
  [large.slice(0, -1), 'INVALID_BODY', 'not JSON'],
  [large.replace('FP32', 'FP64'), 'INVALID_BODY', '"FP64"'],
  [
    large.replace('"id"', '"outputs":[{"name":"value_output","parameters":{"classification":1}}],"id"'),
    'NOT_OFFERED',
    '',
  ],
])('a large body is refused as a small one is (%#)', async (text, code, message) => {
  const { reading, turns } = await readAmongOthers(text);
  await expect(reading).rejects.toMatchObject({ name: 'AppError', code, message: expect.stringContaining(message) });
  expect(turns).toBeGreaterThan(3);
});

it('several large bodies at once each get their own answer', async () => {
  const texts = [1, 2, 3].map((n) => large.replace('"id":"a"', `"id":"${n}"`));
  const requests = await Promise.all(texts.map((text) => readInferRequest(bodyOf(text), undefined)));
  expect(requests.map(({ id }) => id)).toEqual(['1', '2', '3']);
});

it('a small body, or large tensors after a little JSON, are read at once', async () => {
  const small = jsonRequest([...someBoards(1)]);
  expect((await readAmongOthers(small)).turns).toBeLessThan(3);
  const raw = Buffer.alloc(14 * 64 * 4 * count);
  expect(await readInferRequest(raw, '0')).toMatchObject({ count });
});
