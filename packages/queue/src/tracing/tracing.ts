import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from '@caissa/shared/process';
import { ConfigurationError } from '@caissa/shared/settings';
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

/** Environment variables, of which those of OpenTelemetry count here. */
type Environment = Readonly<Record<string, string | undefined>>;

/** Ways to send traces that are offered. */
export type TraceProtocol = 'http/protobuf' | 'http/json';

const PROTOCOLS: readonly string[] = ['http/protobuf', 'http/json'] satisfies TraceProtocol[];

/**
 * Begins to send traces if the standard variables of OpenTelemetry ask for it: `OTEL_EXPORTER_OTLP_ENDPOINT`, or
 * `OTEL_TRACES_EXPORTER=otlp`. Otherwise nothing of OpenTelemetry is even loaded. The other variables (`OTEL_SERVICE_NAME`,
 * `OTEL_TRACES_SAMPLER`, `OTEL_EXPORTER_OTLP_HEADERS` and so on) are read by its library, from the process's environment.
 * @param service name of the process, unless `OTEL_SERVICE_NAME` gives another
 * @throws ConfigurationError for an exporter or a protocol that is not offered
 */
export async function startTracing(service: string, env: Environment, logger: Logger): Promise<Tracing | undefined> {
  if (!isWanted(env)) return undefined;
  const protocol = protocolOf(env);
  const { openTracing } = await import('./otel-tracing.js');
  return openTracing(service, protocol, logger);
}

/** @throws ConfigurationError */
function isWanted(env: Environment): boolean {
  const { OTEL_SDK_DISABLED: disabled, OTEL_TRACES_EXPORTER: exporter } = env;
  if (disabled?.trim().toLowerCase() === 'true' || exporter === 'none') return false;
  if (exporter && exporter !== 'otlp') {
    throw new ConfigurationError(`OTEL_TRACES_EXPORTER is "${exporter}" but must be otlp or none.`);
  }
  return Boolean(exporter || env['OTEL_EXPORTER_OTLP_ENDPOINT'] || env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']);
}

/** @throws ConfigurationError */
function protocolOf(env: Environment): TraceProtocol {
  const names = ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'];
  const name = names.find((candidate) => env[candidate]);
  const protocol = name === undefined ? 'http/protobuf' : (env[name] ?? '');
  if (!isOffered(protocol)) {
    throw new ConfigurationError(`${name} is "${protocol}" but must be ${PROTOCOLS.join(' or ')}.`);
  }
  return protocol;
}

function isOffered(protocol: string): protocol is TraceProtocol {
  return PROTOCOLS.includes(protocol);
}
