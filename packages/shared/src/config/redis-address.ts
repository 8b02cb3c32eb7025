/** One server of an address. */
interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Who we are to Redis, or to a Sentinel. */
interface RedisLogin {
  readonly username?: string;
  readonly password?: string;
}

/** Where Redis is, as an address says. */
export type RedisAddress = { readonly tls: boolean } & (
  | { readonly kind: 'single'; readonly url: string }
  | {
      readonly kind: 'sentinel';
      readonly nodes: readonly RedisNode[];
      readonly login: RedisLogin;
      /** Name under which the Sentinels know the master. */
      readonly master: string;
      readonly db: number;
      readonly sentinelLogin: RedisLogin;
    }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[]; readonly login: RedisLogin }
);

/** What an address that cannot be read should have looked like. */
const FORMS =
  'must look like redis://user:password@host:6379/0, redis+sentinel://user:password@host:26379,host:26379/master/0 ' +
  'or redis+cluster://user:password@host:6379,host:6379; rediss instead of redis for TLS; in user and password write ' +
  '%25 for %, %40 for @, %2F for /, %3F for ? and %23 for #';

/** A percent sign by itself is what passwords have. */
const ESCAPES = 'has a % that does not begin an escaped character: write %25 for each % of a user name or password';

const SINGLE = /^rediss?:\/\/[^/?#\s]+(?:\/\d{0,5})?(?:\?[^@#\s]*)?$/;
const ADDRESS = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#\s]*)@)?([^/?#@\s]+)(\/[^?#\s]*)?(?:\?([^#\s]*))?$/;
const NODE = /^(\[[0-9A-Fa-f:.]+\]|[^[\]:,]+)(?::(\d{1,5}))?$/;
const MASTER = /^\/([^/]+)(?:\/(\d{1,5}))?\/?$/;
const SENTINEL_PARAMETERS = ['sentinel_username', 'sentinel_password'];

/**
 * Reads an address: `redis://`, `redis+sentinel://` or `redis+cluster://`, with `rediss` for TLS. What has a special meaning
 * in an address, such as `@` in a password, is percent-encoded.
 * @returns nothing for a text that is not an address
 */
export function parseRedisAddress(text: string): RedisAddress | undefined {
  if (/^rediss?:/.test(text)) {
    return isSingle(text) ? { kind: 'single', url: text, tls: text.startsWith('rediss:') } : undefined;
  }
  const [, scheme, kind, credentials, hosts = '', path = '', query = ''] = ADDRESS.exec(text) ?? [];
  const nodes = parseNodes(hosts, kind === 'sentinel' ? 26_379 : 6_379);
  const login = parseLogin(credentials ?? '');
  if (nodes === undefined || login === undefined) return undefined;
  const tls = scheme === 'rediss';
  if (kind === 'cluster') return /^\/?$/.test(path) && query === '' ? { kind, tls, nodes, login } : undefined;
  const [, master, db = '0'] = MASTER.exec(path) ?? [];
  const sentinelLogin = parseSentinelLogin(query);
  if (kind !== 'sentinel' || master === undefined || sentinelLogin === undefined) return undefined;
  const name = decode(master);
  return name === undefined ? undefined : { kind, tls, nodes, login, master: name, db: Number(db), sentinelLogin };
}

/** What is wrong with a text that is no address, to be said after the name of the setting; it shows no part of it. */
export function redisAddressProblem(text: string): string | undefined {
  if (decode(text) === undefined) return ESCAPES;
  return parseRedisAddress(text) === undefined ? FORMS : undefined;
}

/** Whether ioredis understands the address of one server, and as what was meant: an `@` behind the host belongs to a password. */
function isSingle(text: string): boolean {
  return SINGLE.test(text) && URL.canParse(text) && decode(text) !== undefined;
}

function parseNodes(hosts: string, usualPort: number): RedisNode[] | undefined {
  const nodes = hosts.split(',').map((text) => {
    const [, host, port] = NODE.exec(text) ?? [];
    const number = port === undefined ? usualPort : Number(port);
    return host === undefined || number < 1 || number > 65_535
      ? undefined
      : { host: host.replace(/^\[|\]$/g, ''), port: number };
  });
  return nodes.includes(undefined) ? undefined : nodes.filter((node) => node !== undefined);
}

function parseLogin(credentials: string): RedisLogin | undefined {
  const colon = credentials.indexOf(':');
  const username = decode(colon < 0 ? credentials : credentials.slice(0, colon));
  const password = decode(colon < 0 ? '' : credentials.slice(colon + 1));
  return username === undefined || password === undefined ? undefined : toLogin(username, password);
}

function parseSentinelLogin(query: string): RedisLogin | undefined {
  const parameters = new URLSearchParams(query);
  if ([...parameters.keys()].some((name) => !SENTINEL_PARAMETERS.includes(name))) return undefined;
  return toLogin(parameters.get('sentinel_username') ?? '', parameters.get('sentinel_password') ?? '');
}

function toLogin(username: string, password: string): RedisLogin {
  return { ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
