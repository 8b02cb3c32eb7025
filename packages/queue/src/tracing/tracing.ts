import type { IncomingHttpHeaders } from 'node:http';
import type { Telemetry } from 'bullmq';

/** What is known of a span; a value that is `undefined` is left out. */
export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

/** A stretch of work, as a trace shows it. */
export interface Span {
  /** What log lines call the trace by, 32 hexadecimal digits. */
  readonly traceId: string;
  set(attributes: SpanAttributes): void;
  /** Gives it the name that is only known when the work is done. */
  rename(name: string): void;
  /** Begins a part of it. */
  begin(name: string): Span;
  /** Marks it as failed, for a reason that holds no secret. */
  fail(reason: string): void;
  end(): void;
}

/** Tells a collector, by OpenTelemetry, what work was done for whom and how long it took. */
export interface Tracing {
  /** For queues and workers: spans around what BullMQ does, and the way of a trace through a job. */
  readonly telemetry: Telemetry;
  /** Answers a request inside a span of its own, which continues the trace that `traceparent` names. `work` ends it. */
  serve(name: string, headers: IncomingHttpHeaders, work: (span: Span) => void): void;
  /** The span of the work that is being done; not to be ended by who asks for it. */
  current(): Span | undefined;
  /** Sends what has not been sent yet. Never rejects, and gives up after a while. */
  close(): Promise<void>;
}

/** Ways to send traces that are offered. */
export type TraceProtocol = 'http/protobuf' | 'http/json';
