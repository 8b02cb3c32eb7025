import type { Logger } from '@caissa/shared/process';
import { ConfigurationError } from '@caissa/shared/settings';
import type { TraceProtocol, Tracing } from './tracing.js';

/** Environment variables, of which those of OpenTelemetry count here. */
type Environment = Readonly<Record<string, string | undefined>>;

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
