import type { IncomingHttpHeaders } from 'node:http';
import type { Logger } from '@caissa/shared/process';
import { packageVersion, withTimeout } from '@caissa/shared/process';
import {
  type Context,
  context,
  DiagLogLevel,
  diag,
  INVALID_SPAN_CONTEXT,
  type Span as OtelSpan,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { type Telemetry, SpanKind as WorkKind } from 'bullmq';
import { BullMQOTelSpan, BullMQOtel } from 'bullmq-otel';
import type { Span, SpanAttributes, TraceProtocol, Tracing } from './tracing.js';

const SCOPE = 'caissa';

/** How long the last spans may take on their way when the process stops. */
const CLOSE_TIMEOUT_MS = 3_000;

/** Begins to send traces. Not to be imported statically: what this module needs takes a while to load. */
export async function openTracing(service: string, protocol: TraceProtocol, logger: Logger): Promise<Tracing> {
  tellOfTrouble(logger);
  const provider = new BasicTracerProvider({
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': `caissa-${service}`, 'service.version': packageVersion() }))
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor(await openExporter(protocol))],
  });
  // BullMQ's part finds them where OpenTelemetry keeps them for the whole process.
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  // Not baggage: what a client sends along would go into every job.
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  return new OtelTracing(provider);
}

async function openExporter(protocol: TraceProtocol): Promise<SpanExporter> {
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter();
}

/** Lets OpenTelemetry say in our log what is wrong with its variables, and that a collector cannot be reached. */
function tellOfTrouble(logger: Logger): void {
  const silent = () => undefined;
  const warn = (message: string) => logger.warn({ detail: message }, 'trouble with traces');
  const listener = { error: warn, warn, info: silent, debug: silent, verbose: silent };
  diag.setLogger(listener, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

class OtelTracing implements Tracing {
  readonly telemetry: Telemetry = withoutIdling(new BullMQOtel({ tracerName: SCOPE }));
  readonly #provider: BasicTracerProvider;

  constructor(provider: BasicTracerProvider) {
    this.#provider = provider;
  }

  serve(name: string, headers: IncomingHttpHeaders, work: (span: Span) => void): void {
    const caller = propagation.extract(ROOT_CONTEXT, headers);
    const span = trace.getTracer(SCOPE).startSpan(name, { kind: SpanKind.SERVER }, caller);
    const inside = trace.setSpan(caller, span);
    context.with(inside, () => work(new OpenSpan(span, inside)));
  }

  current(): Span | undefined {
    const active = context.active();
    const span = trace.getSpan(active);
    return span && new OpenSpan(span, active);
  }

  async close(): Promise<void> {
    // Whoever is told nothing by a collector is told by its own log; the process ends either way.
    await withTimeout(this.#provider.shutdown(), CLOSE_TIMEOUT_MS).catch(() => undefined);
    trace.disable();
    context.disable();
    propagation.disable();
    diag.disable();
  }
}

class OpenSpan implements Span {
  readonly #span: OtelSpan;
  /** The context that the span is in. */
  readonly #inside: Context;

  constructor(span: OtelSpan, inside: Context) {
    this.#span = span;
    this.#inside = inside;
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  set(attributes: SpanAttributes): void {
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined) this.#span.setAttribute(name, value);
    }
  }

  rename(name: string): void {
    this.#span.updateName(name);
  }

  begin(name: string): Span {
    const part = trace.getTracer(SCOPE).startSpan(name, {}, this.#inside);
    return new OpenSpan(part, trace.setSpan(this.#inside, part));
  }

  fail(reason: string): void {
    this.#span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
  }

  end(): void {
    this.#span.end();
  }
}

/**
 * Leaves out what workers do when there is nothing to do, looking for jobs and for stalled ones every few seconds: each
 * look would be a trace of its own.
 */
function withoutIdling(bullmq: BullMQOtel): Telemetry {
  const { tracer, contextManager } = bullmq;
  return {
    contextManager,
    tracer: {
      startSpan: (name, options, parent) => {
        const belongsToNothing = trace.getSpan(parent ?? context.active()) === undefined;
        if (options?.kind === WorkKind.INTERNAL && belongsToNothing) {
          return new BullMQOTelSpan(trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
        }
        return tracer.startSpan(name, options, parent);
      },
    },
  };
}
