import { modelNameOf } from '@caissa/formats';
import type { UploadResult, UploadState } from '@caissa/shared/contracts';
import { answerTimeoutMs, SILENCE_MS, sendUpload, type UploadTransport } from '@caissa/shared/uploads';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { addressOf } from '../api/address';
import { ApiError, request, toApiError, unreachable } from '../api/client';
import { KEYS } from '../api/queries';
import { createStore, useStore } from '../state/store';
import { tell } from '../ui/toasts';

/** A checkpoint on its way to the API. */
export interface Upload {
  readonly id: number;
  readonly file: File;
  /** The name that the model is to have. */
  readonly name: string;
  readonly state: 'waiting' | 'sending' | 'cut' | 'checking' | 'done' | 'failed';
  readonly sentBytes: number;
  /** Why it was cut or has failed. */
  readonly problem?: ApiError | undefined;
}

/** The uploads of this page, the newest last. They go on while other tabs are looked at. */
export const uploads = createStore<readonly Upload[]>([]);

/** A browser has six connections per host, and what is shown needs some of them. */
const AT_ONCE = 2;

const REMOVAL_ATTEMPTS = 10;
const REMOVAL_PAUSE_MS = 500;

/** What stops each upload that is under way. */
const stops = new Map<number, AbortController>();
/** Where the API keeps what has arrived of uploads that are under way. */
const addresses = new Map<number, string>();
/** Uploads that wait for others to finish, in order. */
const waiting: { readonly id: number; readonly begin: () => void }[] = [];
let sending = 0;
let lastId = 0;

function change(id: number, news: Partial<Upload>): void {
  uploads.set((before) => before.map((upload) => (upload.id === id ? { ...upload, ...news } : upload)));
}

/** Takes an upload off the list; what has arrived of it is kept, so that the same file goes on there. */
export function forgetUpload(id: number): void {
  uploads.set((before) => before.filter((upload) => upload.id !== id));
}

/** Gives an upload up: stops it, and has what has arrived of it removed. */
export function dropUpload(id: number): void {
  stops.get(id)?.abort(new ApiError(0, 'CANCELLED', 'The upload was stopped.'));
  const address = addresses.get(id);
  if (address !== undefined) void removeRemains(address);
  forgetUpload(id);
}

/** The API may not have noticed yet that the last piece was stopped. What stays nevertheless is gone in a day. */
async function removeRemains(address: string): Promise<void> {
  for (let attempt = 0; attempt < REMOVAL_ATTEMPTS; attempt++) {
    const { status } = await fetch(addressOf(address), { method: 'DELETE' }).catch(() => ({ status: 0 }));
    if (status !== 423) return;
    await new Promise((resolve) => setTimeout(resolve, REMOVAL_PAUSE_MS));
  }
}

/** Waits until few enough others are on their way. */
async function takeTurn(id: number): Promise<void> {
  if (sending >= AT_ONCE) await new Promise<void>((resolve) => waiting.push({ id, begin: resolve }));
  else sending++;
}

/** Gives the turn to the next upload that is still wanted. */
function passTurn(): void {
  let next = waiting.shift();
  while (next && !isWanted(next.id)) next = waiting.shift();
  if (next) next.begin();
  else sending--;
}

function isWanted(id: number): boolean {
  return uploads.get().some((upload) => upload.id === id);
}

/**
 * Sends a checkpoint to the API, which has a worker inspect it before it becomes a model.
 * @returns the new model, or undefined if the upload failed; the reason is then kept with the upload
 */
export async function upload(file: File, name = modelNameOf(file.name)): Promise<UploadResult | undefined> {
  const id = ++lastId;
  uploads.set((before) => [...before, { id, file, name, state: 'waiting', sentBytes: 0 }]);
  await takeTurn(id);
  const stop = new AbortController();
  stops.set(id, stop);
  change(id, { state: 'sending' });
  try {
    if (!isWanted(id)) return undefined;
    const result = await sendUpload(transportOf(id, file, name, stop.signal));
    change(id, { state: 'done' });
    return result;
  } catch (error) {
    change(id, { state: 'failed', problem: problemOf(error) });
    return undefined;
  } finally {
    addresses.delete(id);
    stops.delete(id);
    passTurn();
  }
}

function problemOf(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, 'UNKNOWN', String(error));
}

/** How this page speaks to the API of an upload. */
function transportOf(id: number, file: File, name: string, signal: AbortSignal): UploadTransport<UploadResult> {
  const path = `/api/model/upload/${encodeURIComponent(name)}`;
  const note = (keptBytes: number) => change(id, { sentBytes: keptBytes, state: 'sending', problem: undefined });
  return {
    begin: async () => {
      const headers = { 'Upload-Length': String(file.size), 'Idempotency-Key': await keyOf(file, name) };
      // Not ended by the signal: who has begun something has to learn where, to have it removed.
      const { links, kept_bytes: keptBytes } = await request<UploadState>(path, { method: 'POST', headers });
      const address = `${path}/${links.self.split('/').at(-1)}`;
      if (signal.aborted) {
        void removeRemains(address);
        throw signal.reason;
      }
      addresses.set(id, address);
      note(keptBytes);
      return { address, keptBytes };
    },
    ask: async (address) => {
      const { kept_bytes: keptBytes } = await request<UploadState>(address, { signal });
      note(keptBytes);
      return keptBytes;
    },
    send: (address, offset) => send(id, file, address, offset, signal),
    pause: (ms, error) => {
      change(id, { state: 'cut', problem: problemOf(error) });
      return new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener('abort', () => {
          clearTimeout(timer);
          reject(signal.reason);
        });
      });
    },
  };
}

/** Bytes of a file that tell it from another of its size, date and name, such as the next state of the same training. */
const SAMPLES = { count: 12, bytes: 4 } as const;

/** What the same file is known by when it is chosen again, also after the page was closed. */
async function keyOf(file: File, name: string): Promise<string> {
  const step = Math.max(0, file.size - SAMPLES.bytes) / (SAMPLES.count - 1);
  const starts = Array.from({ length: SAMPLES.count }, (_, index) => Math.floor(index * step));
  const sample = await new Blob(starts.map((start) => file.slice(start, start + SAMPLES.bytes))).arrayBuffer();
  const digits = Array.from(new Uint8Array(sample), (byte) => byte.toString(16).padStart(2, '0'));
  return encodeURIComponent(`${file.size}-${file.lastModified}-${digits.join('')}-${name}`).slice(0, 255);
}

/** `fetch` does not report how much was sent, so this is an XMLHttpRequest. */
function send(id: number, file: File, address: string, offset: number, signal: AbortSignal): Promise<UploadResult> {
  const sending = new XMLHttpRequest();
  signal.addEventListener('abort', () => sending.abort());
  let silence: ReturnType<typeof setTimeout>;
  return new Promise<UploadResult>((resolve, reject) => {
    const expectWithin = (ms: number) => {
      clearTimeout(silence);
      silence = setTimeout(() => {
        reject(unreachable());
        sending.abort();
      }, ms);
    };
    expectWithin(SILENCE_MS);
    sending.upload.onprogress = ({ loaded }) => {
      expectWithin(SILENCE_MS);
      change(id, { sentBytes: offset + loaded });
    };
    sending.upload.onload = () => {
      expectWithin(answerTimeoutMs(file.size));
      change(id, { sentBytes: file.size, state: 'checking' });
    };
    sending.onload = () => {
      if (sending.status < 300) resolve(sending.response as UploadResult);
      else reject(toApiError(sending.status, sending.response));
    };
    sending.onerror = () => reject(unreachable());
    sending.onabort = () => reject(signal.reason);
    sending.open('PATCH', addressOf(address));
    sending.responseType = 'json';
    sending.setRequestHeader('Content-Type', 'application/offset+octet-stream');
    sending.setRequestHeader('Upload-Offset', String(offset));
    // Nothing is sent of an empty piece, which only asks for the answer.
    if (offset === file.size) expectWithin(answerTimeoutMs(file.size));
    sending.send(file.slice(offset));
  }).finally(() => clearTimeout(silence));
}

/** Whether an upload would be lost if the page were closed now. */
export function isUnderWay({ state }: Pick<Upload, 'state'>): boolean {
  return state === 'waiting' || state === 'sending' || state === 'cut' || state === 'checking';
}

/** Has the browser ask before the page is left while uploads are under way. */
export function useUploadGuard(): void {
  const busy = useStore(uploads).some(isUnderWay);
  useEffect(() => {
    if (!busy) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [busy]);
}

/** Uploads checkpoints, and shows a message when they have become models. */
export function useUploader(): (files: Iterable<File>, name?: string) => void {
  const client = useQueryClient();
  return (files, name) => {
    for (const file of files) {
      void upload(file, name).then((result) => {
        if (result === undefined) return;
        tell({ kind: 'success', title: `${result.name} was uploaded`, detail: 'It is in the list of models.' });
        for (const one of uploads.get()) if (one.state === 'done') forgetUpload(one.id);
        void client.invalidateQueries({ queryKey: KEYS.models });
      });
    }
  };
}
