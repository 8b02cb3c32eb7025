import { type Logger, pino } from 'pino';
import { redactText, redactValue } from './redact.js';

export type { Logger } from 'pino';

/**
 * A logger that writes JSON lines to standard output. `service` stands in every line. Secrets do not: not those in headers,
 * in errors of Redis and S3, nor in addresses, wherever in the line they are.
 */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    formatters: { log: redactFields },
    serializers: { err: redactError },
    hooks: { streamWrite: redactText },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}

/** Errors by themselves are left to the serializer, which comes later. */
function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  const { err, ...others } = fields;
  const clean = redactValue(others, pino.stdSerializers.err) as Record<string, unknown>;
  return err === undefined ? clean : { ...clean, err };
}

function redactError(error: unknown): unknown {
  return error instanceof Error ? redactValue(pino.stdSerializers.err(error), pino.stdSerializers.err) : error;
}
