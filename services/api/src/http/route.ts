import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { StoredFile } from '@caissa/storage';
import type { Response } from 'express';
import type { z } from 'zod';
import type { ApiContext } from '../context.js';
import type { BodyLimits } from './read-json.js';

/** Who sends a request: the name and role of the access key, or `anonymous` where none is needed. */
export interface Caller {
  readonly name: string;
  readonly role: 'viewer' | 'operator';
}

/** A request after validation: handlers see nothing that the route's schemas have not passed. */
export interface RouteRequest<Params, Query, Body> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  readonly headers: IncomingHttpHeaders;
  readonly method: string;
  readonly caller: Caller;
  /** Appears in the logs of the API and of the workers, and in problem documents. */
  readonly requestId: string;
  /** Notes which job the request is about, or has become, for its line in the log. */
  noteJob(jobId: string): void;
  /** Aborted when the client goes away or the process begins to stop: for what may be asked again elsewhere. */
  readonly signal: AbortSignal;
  /** Aborted when the client goes away, or has had its time when the process stops: for work that then goes on. */
  readonly gone: AbortSignal;
  /** The body as it arrives, for routes that take raw bytes. A client that waits for `100 Continue` gets it now. */
  openBody(): Readable;
}

/**
 * What a handler returns: a value, JSON that is already written, bytes of a stored file, a stream of known or unknown
 * length, or a function that takes the response over.
 */
export type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
} & (
  | { readonly body: unknown }
  | { readonly json: Buffer }
  | { readonly file: StoredFile; readonly range: { readonly start: number; readonly end: number } }
  | { readonly stream: Readable | undefined }
  | { readonly takeOver: (response: Response) => Promise<void> }
);

/** One documented response of a route. */
export interface RouteResponse {
  readonly description: string;
  /** Schema of a JSON body. */
  readonly schema?: z.ZodType;
  /** Media types that a body may have beside that of `schema`. */
  readonly contentTypes?: readonly string[];
}

/** One row of the route table: validation, access, documentation and code of an endpoint in one place. */
export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
> {
  readonly method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';
  /** Path with `:name` for parameters. */
  readonly path: string;
  readonly tag: 'Models' | 'Exports' | 'Activation' | 'Inference' | 'Jobs' | 'Device';
  readonly summary: string;
  readonly description?: string;
  /** Least role that may call it. */
  readonly role: 'viewer' | 'operator';
  /** Whether the limit of requests in a minute does not count it. */
  readonly uncounted?: boolean;
  /** Whether its response stays open; a client may hold only so many. */
  readonly isEventStream?: boolean;
  readonly params?: Params;
  readonly query?: Query;
  /** Schema of the JSON body; a missing body counts as `{}` where `bodyOptional`. */
  readonly body?: Body;
  readonly bodyOptional?: boolean;
  /** How large the JSON body may be, where that is more than usual. */
  readonly bodyLimits?: BodyLimits;
  /** Media type of a raw body that the handler reads as a stream; not parsed. */
  readonly rawBody?: string;
  /** Request headers that the route understands, for its documentation. */
  readonly headers?: Readonly<Record<string, z.ZodType>>;
  readonly responses: Readonly<Record<number, RouteResponse>>;
  readonly handler: (
    context: ApiContext,
    request: RouteRequest<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<Reply>;
}

/** Types a route by its own schemas and then forgets them, so that routes of different shapes fit in one table. */
export function defineRoute<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType>(
  route: Route<Params, Query, Body>,
): Route {
  return route as unknown as Route;
}
