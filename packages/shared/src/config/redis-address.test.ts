import { describe, expect, test } from 'vitest';
import { parseRedisAddress, redisAddressProblem } from './redis-address.js';

test.each(['redis://:p%@host', 'redis+cluster://u:p%ss@host', 'redis+sentinel://:%ff@a/m'])(
  'a lone percent sign is told from other mistakes: %s',
  (text) => expect(redisAddressProblem(text)).toContain('write %25 for each %'),
);

test('an @ in a password may stand for itself, as the last one ends it', () => {
  expect(redisAddressProblem('redis://user:p@ss@host:1/2?family=6')).toBeUndefined();
  expect(redisAddressProblem('redis://user:p/ss@host')).toContain('%2F for /');
});

describe('an address', () => {
  test('of one server is left to the client', () => {
    const url = 'rediss://user:p%40ss@host:6380/3?family=6';
    expect(parseRedisAddress(url)).toEqual({ kind: 'single', tls: true, url });
    expect(parseRedisAddress('redis://host')).toMatchObject({ tls: false });
  });

  test('of Sentinels names the master, and may have logins for both and a database', () => {
    const text =
      'rediss+sentinel://app:p%40s%3As@a:1,[::1]:26380,b/my%20master/4?sentinel_username=s&sentinel_password=x%26y';
    expect(parseRedisAddress(text)).toEqual({
      kind: 'sentinel',
      tls: true,
      nodes: [
        { host: 'a', port: 1 },
        { host: '::1', port: 26_380 },
        { host: 'b', port: 26_379 },
      ],
      login: { username: 'app', password: 'p@s:s' },
      master: 'my master',
      db: 4,
      sentinelLogin: { username: 's', password: 'x&y' },
    });
    expect(parseRedisAddress('redis+sentinel://a/m')).toMatchObject({ db: 0, login: {}, sentinelLogin: {} });
  });

  test('of a cluster has seeds', () => {
    expect(parseRedisAddress('redis+cluster://:secret@a,b:7000/')).toEqual({
      kind: 'cluster',
      tls: false,
      nodes: [
        { host: 'a', port: 6_379 },
        { host: 'b', port: 7_000 },
      ],
      login: { password: 'secret' },
    });
  });

  test.each([
    'http://host',
    'redis://',
    'redis://host:99999',
    'redis://ho st',
    'redis://:p%@host',
    'redis://user:100%zz@host',
    'redis://user:%ff@host',
    'redis://user:12/34@host',
    'redis://user:12?34@host',
    'redis://user:12#34@host',
    'redis://host/queue',
    'redis+other://host',
    'redis+cluster://',
    'redis+cluster://a,,b',
    'redis+cluster://a:0',
    'redis+cluster://a:65536',
    'redis+cluster://a:b:1',
    'redis+cluster://::1',
    // A cluster has one database only.
    'redis+cluster://a/1',
    'redis+cluster://a?x=1',
    'redis+cluster://p%ss@a',
    'redis+sentinel://a',
    'redis+sentinel://a/',
    'redis+sentinel://a/m/x',
    'redis+sentinel://a/m/1/2',
    'redis+sentinel://a/m%zz',
    'redis+sentinel://a/m?password=x',
    'redis+sentinel://a/m?sentinel_pasword=x',
  ])('%s is none', (text) => {
    expect(parseRedisAddress(text)).toBeUndefined();
  });
});
