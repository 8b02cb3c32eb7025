import { isLoopback } from '@caissa/shared/http';
import { ConfigurationError } from '@caissa/shared/settings';
import type { ApiSettings } from '../context.js';

/** Whether a text is an origin as browsers send it: scheme, host and perhaps a port, and nothing after it. */
function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && /^https?:$/.test(url.protocol) && url.origin === text;
}

/**
 * Refuses settings that would open the API to others without anybody having said so.
 * @throws ConfigurationError
 */
export function checkExposure(
  settings: Pick<ApiSettings, 'HOST' | 'ALLOW_ANONYMOUS' | 'CORS_ORIGINS'>,
  keysRequired: boolean,
): void {
  const { HOST, ALLOW_ANONYMOUS, CORS_ORIGINS } = settings;
  const problems = CORS_ORIGINS.filter((origin) => !isOrigin(origin)).map(
    (origin) =>
      `CORS_ORIGINS has "${origin}", which is not an origin such as https://chess.example or http://localhost:5173.`,
  );
  if (!keysRequired && !ALLOW_ANONYMOUS && !isLoopback(HOST)) {
    problems.push(
      `HOST is "${HOST}", so that others could reach the API, but there are no access keys. ` +
        'Set API_KEYS or API_KEYS_FILE, or ALLOW_ANONYMOUS=true if everybody may do everything.',
    );
  }
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'));
}
