import { ConfigurationError } from '@caissa/shared/settings';
import express from 'express';
import request from 'supertest';
import { expect, it } from 'vitest';
import { createFrontDoor } from './front-door.js';
import { clientAddress, isTrustedProxy, trustProxies } from './trusted-proxies.js';

/** What a server makes of a request that comes from 127.0.0.1 with these headers. */
async function seen(TRUSTED_PROXIES: string[], headers: Record<string, string>) {
  const app = createFrontDoor({ BASE_PATH: '', TRUSTED_PROXIES });
  app.get('/', (req, response) => {
    response.json([clientAddress(req), req.protocol, req.host, req.basePath]);
  });
  return (await request(app).get('/').set(headers)).body;
}

const TOLD = {
  Host: 'api:8001',
  'X-Forwarded-For': '203.0.113.7',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Host': 'chess.example',
  'X-Forwarded-Prefix': '/caissa',
};

it('believes nobody unless told to, and who is on this machine only the prefix', async () => {
  const own = [expect.stringContaining('127.0.0.1'), 'http', 'api:8001', '/caissa'];
  expect(await seen([], TOLD)).toEqual(own);
  expect(await seen(['10.0.0.0/8'], TOLD)).toEqual(own);
});

it.each([[['127.0.0.1']], [['loopback']], [['10.0.0.0/8', '127.0.0.0/8']]])('believes %j', async (proxies) => {
  expect(await seen(proxies, TOLD)).toEqual(['203.0.113.7', 'https', 'chess.example', '/caissa']);
});

it.each([
  ['what a client put before it', '198.51.100.1, 203.0.113.7', '203.0.113.7'],
  ['a second trusted proxy', '203.0.113.7, 127.0.0.9', '203.0.113.7'],
  ['a port', '203.0.113.7:4711', '203.0.113.7'],
  ['a port behind brackets', '[2001:db8::7]:4711', '2001:db8::7'],
  ['an address of IPv6', '2001:db8::7', '2001:db8::7'],
  ['nonsense', 'unknown', expect.stringContaining('127.0.0.1')],
])('finds the client behind %s', async (_, told, expected) => {
  expect((await seen(['loopback'], { 'X-Forwarded-For': told }))[0]).toEqual(expected);
});

it.each(['//evil.example', '/api', 'caissa', '/a b', '/'])('takes no prefix from %j', async (told) => {
  expect((await seen(['loopback'], { 'X-Forwarded-Prefix': told }))[3]).toBe('');
});

it.each(['true', '1', 'nginx', '0.0.0.0/0', '10.0.0.0/33', '10.0.0', '*'])('refuses to trust %j', (proxy) => {
  expect(() => trustProxies(express(), ['loopback', proxy])).toThrow(ConfigurationError);
  expect(() => trustProxies(express(), [proxy])).toThrow(`TRUSTED_PROXIES has "${proxy}"`);
});

it('knows an address of IPv4 that is written as one of IPv6', () => {
  const app = createFrontDoor({ BASE_PATH: '', TRUSTED_PROXIES: ['127.0.0.1'] });
  expect(isTrustedProxy(app, '::ffff:127.0.0.1')).toBe(true);
  expect(isTrustedProxy(app, '::ffff:127.0.0.2')).toBe(false);
  expect(isTrustedProxy(app, undefined)).toBe(false);
});
