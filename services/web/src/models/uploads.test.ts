import { SILENCE_MS } from '@caissa/shared/uploads';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { dropUpload, upload, uploads } from './uploads';

/** A request that is answered when the test says so. */
class HeldRequest {
  static readonly open: HeldRequest[] = [];
  readonly upload = {};
  status = 201;
  response = {};
  onload: () => void = () => undefined;
  onabort: () => void = () => undefined;
  open(): void {}
  setRequestHeader(): void {}
  send(): void {
    HeldRequest.open.push(this);
  }
  abort(): void {
    this.onabort();
  }
}

afterEach(() => {
  for (const { id } of uploads.get()) dropUpload(id);
  vi.unstubAllGlobals();
  HeldRequest.open.length = 0;
});

describe('many uploads', () => {
  const states = () => uploads.get().map(({ state }) => state);

  it('leave connections to the page, and go on when one is over, stopped or no longer wanted', async () => {
    vi.stubGlobal('XMLHttpRequest', HeldRequest);
    const begun = { kept_bytes: 0, links: { self: '/api/model/upload/a/1' } };
    vi.stubGlobal('fetch', async () => Response.json(begun, { status: 201 }));
    const ends = ['a', 'b', 'c', 'd', 'e'].map((name) => upload(new File(['x'], `${name}.pt`)));
    await vi.waitFor(() => expect(states()).toEqual(['sending', 'sending', 'waiting', 'waiting', 'waiting']));
    const [first, , third] = uploads.get();
    dropUpload(third?.id ?? 0);
    dropUpload(first?.id ?? 0);
    await vi.waitFor(() => expect(states()).toEqual(['sending', 'sending', 'waiting']));
    await vi.waitFor(() => expect(HeldRequest.open).toHaveLength(3));
    HeldRequest.open[1]?.onload();
    await vi.waitFor(() => expect(states()).toEqual(['done', 'sending', 'sending']));
    for (const request of HeldRequest.open) request.onload();
    await ends[4];
    await vi.waitFor(() => expect(states()).toEqual(['done', 'done', 'done']));
  });
});

describe('an upload', () => {
  const begun = { kept_bytes: 0, links: { self: '/api/model/upload/a/1' } };

  it('that is stopped while it is begun leaves nothing', async () => {
    const calls: string[] = [];
    let answer: (response: Response) => void = () => undefined;
    vi.stubGlobal('fetch', (address: string, { method }: RequestInit) => {
      calls.push(`${method} ${address}`);
      return new Promise<Response>((resolve) => {
        answer = resolve;
      });
    });
    const end = upload(new File(['x'], 'a.pt'));
    await vi.waitFor(() => expect(calls).toHaveLength(1));
    dropUpload(uploads.get()[0]?.id ?? 0);
    answer(Response.json(begun, { status: 201 }));
    await end;
    expect(calls[1]).toMatch(/^DELETE .*\/api\/model\/upload\/a\/1$/);
  });

  it('is told from another of the same size, date and name', async () => {
    vi.stubGlobal('XMLHttpRequest', HeldRequest);
    const keys: unknown[] = [];
    vi.stubGlobal('fetch', async (_: string, { headers }: RequestInit) => {
      keys.push((headers as Record<string, string>)['Idempotency-Key']);
      return Response.json(begun, { status: 201 });
    });
    for (const [index, text] of ['one', 'one', 'two'].entries()) {
      const end = upload(new File([text], 'a.pt', { lastModified: 1 }));
      await vi.waitFor(() => expect(HeldRequest.open).toHaveLength(index + 1));
      HeldRequest.open[index]?.onload();
      await end;
    }
    expect(keys[0]).toMatch(/^3-1-[0-9a-f]+-a$/);
    expect([keys[1] === keys[0], keys[2] === keys[0]]).toEqual([true, false]);
  });

  it('says why it waits, and counts a silent line as cut', async () => {
    vi.stubGlobal('XMLHttpRequest', HeldRequest);
    vi.stubGlobal('fetch', async () => Response.json(begun, { status: 201 }));
    vi.useFakeTimers();
    const end = upload(new File(['x'], 'a.pt'));
    await vi.waitFor(() => expect(HeldRequest.open).toHaveLength(1));
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    expect(uploads.get()[0]).toMatchObject({ state: 'cut', problem: { code: 'UNREACHABLE' } });
    await vi.advanceTimersByTimeAsync(1_000);
    await vi.waitFor(() => expect(HeldRequest.open).toHaveLength(2));
    const paused = HeldRequest.open[1];
    if (paused) Object.assign(paused, { status: 503, response: { code: 'QUEUE_PAUSED', detail: 'It is paused.' } });
    paused?.onload();
    await vi.waitFor(() => expect(uploads.get()[0]?.problem?.message).toBe('It is paused.'));
    dropUpload(uploads.get()[0]?.id ?? 0);
    vi.useRealTimers();
    await end;
  });
});
