import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a log line is JSON with the service and the time, and holds no secret', () => {
  const program = `
import { createLogger } from '@caissa/shared/process';
const logger = createLogger('api', 'info');
const secret = 'hunter2';
logger.info({
  req: { headers: { authorization: secret, cookie: secret, 'x-api-key': secret, accept: '*/*' } },
  res: { headers: { 'set-cookie': secret } },
}, 'request');
const reply = Object.assign(new Error('WRONGPASS of redis://u:' + secret + '@host'), { command: { name: 'auth', args: ['u', secret] } });
logger.info({ err: new Error('cannot connect', { cause: reply }), retry: { err: reply } }, 'see https://a:' + secret + '@b/c');
logger.info({ err: Object.assign(reply, { previousErrors: [reply], $metadata: { httpStatusCode: 403 } }) }, 'again');
logger.debug('not at this level');
`;
  const cwd = fileURLToPath(new URL('../..', import.meta.url));
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd, encoding: 'utf8' });
  const lines = output.trim().split('\n');
  expect(lines).toHaveLength(3);
  expect(output).not.toContain('hunter2');
  const line: unknown = JSON.parse(lines[0] ?? '');
  expect(line).toMatchObject({ service: 'api', msg: 'request', level: 30, req: { headers: { accept: '*/*' } } });
  expect(line).toHaveProperty('time', expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/));
  const failure: unknown = JSON.parse(lines[1] ?? '');
  expect(failure).toMatchObject({
    msg: 'see https://[Redacted]@b/c',
    err: { message: expect.stringMatching(/^cannot connect: WRONGPASS of redis:\/\/\[Redacted]@host$/) },
  });
  expect(JSON.parse(lines[2] ?? '')).toMatchObject({
    err: { command: { name: 'auth' }, $metadata: { httpStatusCode: 403 } },
  });
});
