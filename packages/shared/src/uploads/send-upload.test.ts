import { describe, expect, it } from 'vitest';
import { sendUpload } from './send-upload.js';

const failure = (status: number, code = '') => Object.assign(new Error(code), { status, code });

/** An API whose answers are told beforehand: what is kept when it is asked, and what becomes of each piece. */
function api(kept: number[], outcomes: (Error | 'done')[]) {
  const seen: string[] = [];
  return {
    seen,
    transport: {
      begin: async () => {
        seen.push('begin');
        return { address: 'a', keptBytes: 0 };
      },
      ask: async () => {
        const keptBytes = kept.shift() ?? 0;
        if (keptBytes < 0) throw failure(404, 'UPLOAD_NOT_FOUND');
        return keptBytes;
      },
      send: async (_: string, offset: number) => {
        const outcome = outcomes.shift() ?? failure(0);
        seen.push(`send ${offset}`);
        if (outcome !== 'done') throw outcome;
        return 'done';
      },
      pause: async (ms: number) => void seen.push(`wait ${ms}`),
    },
  };
}

describe('sending an upload', () => {
  it('goes on where it was cut', async () => {
    const { transport, seen } = api([5, 5, 9], [failure(0), failure(503), failure(409, 'UPLOAD_OFFSET'), 'done']);
    expect(await sendUpload(transport)).toBe('done');
    expect(seen.join()).toBe('begin,send 0,wait 1000,send 5,wait 1000,send 5,wait 2000,send 9');
  });

  it('begins anew when nothing of it is known', async () => {
    const { transport, seen } = api([-1], [failure(0), 'done']);
    expect(await sendUpload(transport)).toBe('done');
    expect(seen.join()).toBe('begin,send 0,wait 1000,wait 2000,begin,send 0');
  });

  it.each([failure(422, 'NOT_A_CHECKPOINT'), failure(409, 'MODEL_EXISTS'), failure(503, 'WORKERS_BUSY'), new Error()])(
    'ends with what does not pass: %s',
    async (error) => {
      const { transport, seen } = api([], [error]);
      await expect(sendUpload(transport)).rejects.toBe(error);
      expect(seen).toHaveLength(2);
    },
  );

  it('ends at once when it cannot even be begun', async () => {
    const { transport, seen } = api([], []);
    const begin = () => Promise.reject(failure(0));
    await expect(sendUpload({ ...transport, begin })).rejects.toMatchObject({ status: 0 });
    expect(seen).toEqual([]);
  });

  it('ends after some minutes without progress, or when the waiting is ended', async () => {
    const { transport, seen } = api([], []);
    await expect(sendUpload(transport)).rejects.toMatchObject({ status: 0 });
    const waited = seen.filter((what) => what.startsWith('wait')).map((what) => Number(what.slice(5)));
    expect(waited.reduce((sum, ms) => sum + ms)).toBeGreaterThan(240_000);
    const pause = () => Promise.reject(new Error('stopped'));
    await expect(sendUpload({ ...transport, pause })).rejects.toThrow('stopped');
  });
});
