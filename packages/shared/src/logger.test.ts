import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a log line is JSON with the service and the time, and holds no secret', () => {
  const program = `
import { createLogger } from '@caissa/shared';
const logger = createLogger('api', 'info');
const secret = 'hunter2';
logger.info({
  req: { headers: { authorization: secret, cookie: secret, 'x-api-key': secret, accept: '*/*' } },
  res: { headers: { 'set-cookie': secret } },
}, 'request');
logger.debug('not at this level');
`;
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd, encoding: 'utf8' });
  const lines = output.trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(output).not.toContain('hunter2');
  const line: unknown = JSON.parse(lines[0] ?? '');
  expect(line).toMatchObject({ service: 'api', msg: 'request', level: 30, req: { headers: { accept: '*/*' } } });
  expect(line).toHaveProperty('time', expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/));
});
