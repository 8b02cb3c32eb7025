import type { Problem } from '@caissa/shared/contracts';
import { noteServerTime } from '../state/clock';
import { noteAnswer, noteSilence } from '../state/connection';
import { addressOf } from './address';

/** Longest time that a request may take before the API counts as gone. */
const TIMEOUT_MS = 20_000;

/** A request that the API refused, with its problem document, or that got no reply. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0 when there was no reply. */
  readonly status: number;
  /** Code of the error table, or `UNREACHABLE`. */
  readonly code: string;
  /** How long to wait before the request is worth sending again, in milliseconds; undefined if the API does not say. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, code: string, detail: string, retryAfterMs?: number) {
    super(detail);
    this.status = status;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** The error of a request that got no reply. */
export function unreachable(): ApiError {
  return new ApiError(0, 'UNREACHABLE', 'The API does not answer. Is it running, and is the network there?');
}

/** The error of a refused request, made from the body of the reply and its `Retry-After` header, in seconds. */
export function toApiError(status: number, body: unknown, retryAfter: string | null = null): ApiError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<Problem>;
  const detail = problem.detail ?? `The server answered with status ${status}.`;
  // A proxy may write a date instead, which says nothing where clocks differ.
  const retryAfterMs = /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) * 1_000 : undefined;
  return new ApiError(status, problem.code ?? 'UNKNOWN', detail, retryAfterMs);
}

/** What a request may carry. */
interface RequestOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** For requests that may take longer than usual: how they end says nothing of whether the API is there. */
  readonly timeoutMs?: number;
}

/**
 * Sends a request to the API and returns the JSON of the reply.
 * @throws ApiError with the problem that the API reports, or `UNREACHABLE`
 */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  const { method = 'GET', body, headers, signal, timeoutMs } = options;
  const isSlow = timeoutMs !== undefined;
  const timeout = AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(addressOf(path), {
      method,
      headers: {
        Accept: 'application/json',
        // Also without a body: a browser does not send this for pages of others, so the API takes it behind any proxy.
        ...(method === 'GET' ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (!isSlow) noteSilence();
    throw unreachable();
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (signal?.aborted) throw signal.reason;
  // A reply that was cut short counts as none: what is shown must not be replaced by nothing.
  if (response.ok && answer === undefined) {
    if (!isSlow) noteSilence();
    throw unreachable();
  }
  noteServerTime(response.headers.get('Date'));
  if (!isSlow) noteAnswer(path, response.status, answer);
  if (!response.ok) throw toApiError(response.status, answer, response.headers.get('Retry-After'));
  return answer as T;
}
