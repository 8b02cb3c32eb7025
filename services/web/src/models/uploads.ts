import { modelNameOf } from '@caissa/formats';
import type { UploadResult } from '@caissa/shared/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { addressOf } from '../api/address';
import { ApiError, toApiError, unreachable } from '../api/client';
import { KEYS } from '../api/queries';
import { createStore, useStore } from '../state/store';
import { tell } from '../ui/toasts';

/** A checkpoint on its way to the API. */
export interface Upload {
  readonly id: number;
  readonly file: File;
  /** The name that the model is to have. */
  readonly name: string;
  readonly state: 'waiting' | 'sending' | 'checking' | 'done' | 'failed';
  readonly sentBytes: number;
  readonly problem?: ApiError;
}

/** The uploads of this page, the newest last. They go on while other tabs are looked at. */
export const uploads = createStore<readonly Upload[]>([]);

/** A browser has six connections per host, and what is shown needs some of them. */
const AT_ONCE = 2;

const requests = new Map<number, XMLHttpRequest>();
/** Uploads that wait for others to finish, in order. */
const waiting: { readonly id: number; readonly begin: () => void }[] = [];
let sending = 0;
let lastId = 0;

function change(id: number, news: Partial<Upload>): void {
  uploads.set((before) => before.map((upload) => (upload.id === id ? { ...upload, ...news } : upload)));
}

/** Forgets an upload, and stops it if it is still on its way. */
export function dropUpload(id: number): void {
  requests.get(id)?.abort();
  uploads.set((before) => before.filter((upload) => upload.id !== id));
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
  change(id, { state: 'sending' });
  try {
    const result = await send(id, file, name);
    change(id, { state: 'done' });
    return result;
  } catch (error) {
    const problem = error instanceof ApiError ? error : new ApiError(0, 'UNKNOWN', String(error));
    change(id, { state: 'failed', problem });
    return undefined;
  } finally {
    requests.delete(id);
    passTurn();
  }
}

/** `fetch` does not report how much was sent, so this is an XMLHttpRequest. */
function send(id: number, file: File, name: string): Promise<UploadResult> {
  const request = new XMLHttpRequest();
  requests.set(id, request);
  return new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded }) => change(id, { sentBytes: loaded });
    request.upload.onload = () => change(id, { sentBytes: file.size, state: 'checking' });
    request.onload = () => {
      if (request.status < 300) resolve(request.response as UploadResult);
      else reject(toApiError(request.status, request.response));
    };
    request.onerror = () => reject(unreachable());
    request.onabort = () => reject(new ApiError(0, 'CANCELLED', 'The upload was stopped.'));
    request.open('PUT', addressOf(`/api/model/upload/${encodeURIComponent(name)}`));
    request.responseType = 'json';
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.send(file);
  });
}

/** Whether an upload would be lost if the page were closed now. */
export function isUnderWay({ state }: Pick<Upload, 'state'>): boolean {
  return state === 'waiting' || state === 'sending' || state === 'checking';
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
        tell({ kind: 'success', title: `${result.name} was uploaded`, detail: 'It is being looked into.' });
        for (const one of uploads.get()) if (one.state === 'done') dropUpload(one.id);
        void client.invalidateQueries({ queryKey: KEYS.models });
      });
    }
  };
}
