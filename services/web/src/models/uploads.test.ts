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
