import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));

function runScript(...args: string[]) {
  return spawnSync(process.execPath, ['scripts/run.mjs', ...args], { cwd: repository, encoding: 'utf8' });
}

describe('scripts/run.mjs', () => {
  it('lists every command that package.json calls', () => {
    const { scripts } = JSON.parse(readFileSync(`${repository}/package.json`, 'utf8')) as { scripts: object };
    const called = Object.values(scripts).flatMap(
      (line) => /^exec node scripts\/run\.mjs (\S+)$/.exec(line)?.[1] ?? [],
    );
    const { status, stdout } = runScript('--help');
    expect(status).toBe(0);
    expect(called).toContain('start');
    for (const name of called) expect(stdout).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
  });

  it.each([
    ['no command', []],
    ['an unknown one', ['strat']],
    ['a name every object has', ['constructor']],
  ])('refuses %s with the list', (_name, args) => {
    const { status, stderr } = runScript(...args);
    expect(status).toBe(2);
    expect(stderr).toContain('Usage: node scripts/run.mjs <command>');
  });
});

describe('scripts/end-with-npm.mjs', () => {
  const root = repository.replace(/\/$/, '');
  const ours = { npm_lifecycle_event: 'start', npm_package_json: join(root, 'package.json') };

  /** Says whether it was told to end within some looks at its parent. */
  const program = `
import { endWithNpm } from ${JSON.stringify(join(root, 'scripts/end-with-npm.mjs'))};
const say = (what) => process.stdout.write(what + '\\n');
process.on('SIGTERM', () => { say('told'); process.exit(); });
process.on('SIGHUP', () => say('hung up'));
endWithNpm(${JSON.stringify(root)}, 'start');
setTimeout(() => say('not told'), 2_000);
say(process.pid);
`;

  it.concurrent.each([
    ['is told to end when npm is gone', ours, false, 'told'],
    ['is not when a terminal was closed that it does not have', ours, true, 'hung up\nnot told'],
    [
      'is not when npm ran another command, which started it',
      { ...ours, npm_lifecycle_event: 'test' },
      false,
      'not told',
    ],
    [
      'is not when npm ran a script of another package',
      { ...ours, npm_package_json: '/package.json' },
      false,
      'not told',
    ],
    ['is not without npm', {}, false, 'not told'],
  ])('%s', async (_what, environment, hangUp, words) => {
    const shell = spawn('sh', ['-c', '"$0" --input-type=module -e "$1" & read _', process.execPath, program], {
      env: environment,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const [pid] = await once(shell.stdout.setEncoding('utf8'), 'data');
    const rest = text(shell.stdout);
    if (hangUp) process.kill(Number(pid), 'SIGHUP');
    shell.stdin.end();
    expect((await rest).trim()).toBe(words);
  });
});
