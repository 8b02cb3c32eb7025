/** How a base path is written, for messages. */
export const BASE_PATH_RULE =
  'must be a path such as /caissa, of the characters A-Z a-z 0-9 . _ ~ - and /, and not begin with a path of the API';

/** At the door nobody could tell whether such a path is the base or was left when a proxy had taken that off. */
const OWN = 'api|v2|admin|pages|assets|sign-in|livez|readyz|metrics';

const SEGMENT = '/(?!\\.\\.?(?:/|$))[A-Za-z0-9._~-]+';

const BASE_PATH = new RegExp(`^(?!/(?:${OWN})(?:/|$))((?:${SEGMENT}){0,16})/?$`);

/**
 * Reads the path below which a proxy publishes the API: `/caissa` with or without a slash at its end, and `''` for the
 * root of a host. Returns undefined for what cannot be one.
 */
export function parseBasePath(text: string): string | undefined {
  return text.length > 256 ? undefined : BASE_PATH.exec(text)?.[1];
}
