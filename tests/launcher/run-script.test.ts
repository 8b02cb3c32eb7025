import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
