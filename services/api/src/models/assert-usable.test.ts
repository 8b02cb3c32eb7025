import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toProblem } from '@caissa/shared/errors';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { BROKEN, startTestApi, type TestApi } from '../../test-support/start-test-api.js';
import { assertUsable } from './assert-usable.js';

let api: TestApi;

beforeAll(async () => {
  api = await startTestApi(inject('redisUrl'));
});
afterAll(() => api.close());

it('refuses work on a checkpoint that is known to be broken', async () => {
  await api.addModel('broken', { status: 'unreadable', problem: BROKEN });
  await expect(assertUsable(api.context, 'broken')).rejects.toMatchObject({ code: BROKEN.code });
});

it('lets work on a checkpoint begin that could not be read for a reason that may be over', async () => {
  const problem = toProblem({ code: 'STORE_UNAVAILABLE', message: 'Permission was denied.', errors: undefined });
  await api.addModel('secret', { status: 'unreadable', problem });
  expect(await assertUsable(api.context, 'secret')).toMatchObject({ status: 'unreadable' });
});

it('refuses work on a checkpoint that is being written, for now, and the list says so', async () => {
  await api.writeModel('growing');
  const path = join(api.modelsFolder, 'growing.pt');
  const writing = setInterval(() => void appendFile(path, 'more'), 50);
  try {
    const response = await fetch(`${api.url}/api/model/export/onnx/growing`, { method: 'POST' });
    expect([response.status, Number(response.headers.get('Retry-After'))]).toEqual([409, expect.any(Number)]);
    expect(await response.json()).toMatchObject({
      code: 'MODEL_BEING_WRITTEN',
      detail: expect.stringMatching(/^growing\.pt is still/),
    });
    const { models } = (await (await fetch(`${api.url}/api/model/list`)).json()) as { models: { name: string }[] };
    const growing = models.find(({ name }) => name === 'growing');
    expect(growing).toMatchObject({ status: 'inspecting', being_written: true });
    const info = await (await fetch(`${api.url}/api/model/info/growing`)).json();
    expect(info).toMatchObject({ status: 'inspecting', being_written: true });
  } finally {
    clearInterval(writing);
  }
});
