import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Paths that may hold a secret; their values are never written. */
const SECRETS = [
  'req.headers.authorization',
  'req.headers.cookie',
  'req.headers["x-api-key"]',
  'res.headers["set-cookie"]',
];

/** A logger that writes JSON lines to standard output. `service` stands in every line. */
export function createLogger(service: string, level: string): Logger {
  return pino({ level, base: { service }, redact: SECRETS, timestamp: pino.stdTimeFunctions.isoTime });
}
