import { type Logger, type LoggerOptions, pino } from 'pino';
import { redactText, redactValue } from './redact.js';
import { standardOutput } from './standard-streams.js';

export type { Logger } from 'pino';

/**
 * A logger that writes JSON lines to standard output and never waits for it. `service` stands in every line. Secrets do
 * not: not those in headers, in errors of Redis and S3, nor in addresses, wherever in the line they are.
 */
export function createLogger(service: string, level: string): Logger {
  const options: LoggerOptions = {
    level,
    base: { service },
    formatters: { log: redactFields },
    serializers: { err: redactError },
    hooks: { streamWrite: redactText },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  const logger = pino(options, standardOutput);
  standardOutput.onRecovery((sentence, lines) => logger.warn({ dropped_lines: lines }, sentence));
  return logger;
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
