import type { ActivationEntry } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';
import { beforeEach, describe, expect, it } from 'vitest';
import { Journal, type JournalContext } from './journal.js';

const refuse = () => Promise.reject(new Error('read-only file system'));
const away = () => Promise.reject(new Error('Connection is closed.'));

const LIMIT = 3;

let append: (entry: ActivationEntry) => Promise<void>;
let tried: ActivationEntry[];
let journal: Journal;
beforeEach(() => {
  tried = [];
  append = refuse;
  const attempt = (write: () => Promise<unknown>) =>
    write().then(
      () => true,
      () => false,
    );
  const file = {
    append: (entry: ActivationEntry) => {
      tried.push(entry);
      return append(entry);
    },
  };
  const redis = { status: 'end', hget: away, eval: away };
  journal = new Journal({ redis, keys: {}, file, writes: { attempt } } as unknown as JournalContext, LIMIT);
});

const begin = (jobId: string) =>
  journal.begin({ job_id: jobId, kind: 'load', model_name: 'm', requested_by: null, requested_at: '', from: null });
const failure = { error: new AppError('MODEL_GONE', 'It is gone.') };

/** What is tried while the file takes everything. */
async function tendAtLast(): Promise<string[]> {
  tried = [];
  append = async () => undefined;
  await journal.tend();
  return tried.map(({ job_id, outcome }) => `${job_id} ${outcome}`);
}

describe('a journal whose file cannot be written', () => {
  it('tries one entry at a time, and writes all of them when it can', async () => {
    for (const id of ['a', 'b', 'c']) await begin(id);
    tried = [];
    await journal.tend();
    expect(tried.map(({ job_id }) => job_id)).toEqual(['a']);
    expect((await tendAtLast()).sort()).toEqual(['a running', 'b running', 'c running']);
    expect(await tendAtLast()).toEqual([]);
  });

  it('remembers no more entries than it may, the newest', async () => {
    for (const id of ['a', 'b', 'c', 'd']) await begin(id);
    expect((await tendAtLast()).sort()).toEqual(['b running', 'c running', 'd running']);
  });

  it.each([
    ['is lost, if the end could not be written either', false, ['a failed']],
    ['takes the place of the end, which could', true, []],
  ])('never has it that the beginning, written late, %s', async (_, endIsWritten, later) => {
    const entry = await begin('a');
    let settle = (_isWritten: boolean) => {};
    append = () =>
      new Promise((resolve, reject) => {
        settle = (isWritten) => (isWritten ? resolve() : reject(new Error('read-only file system')));
      });
    const tending = journal.tend();
    const settleBeginning = settle;
    append = endIsWritten ? async () => undefined : refuse;
    await journal.finish(entry, failure);
    settleBeginning(!endIsWritten);
    await tending;
    expect(await tendAtLast()).toEqual(later);
  });
});
