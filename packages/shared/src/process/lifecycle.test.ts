import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@caissa/testing/eventually';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { Lifecycle, withTimeout } from './lifecycle.js';
import type { Logger } from './logger.js';

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A logger whose lines are kept. */
function keepLines(): { logger: Logger; lines: { msg: string; step?: string }[] } {
  const lines: { msg: string; step?: string }[] = [];
  return { lines, logger: pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) }) };
}

describe('stopping', () => {
  test('undoes what was started, last first, one after the other', async () => {
    const lifecycle = new Lifecycle();
    const order: string[] = [];
    lifecycle.onStop('first', () => {
      order.push('first');
    });
    lifecycle.onStop('second', async () => {
      order.push('second begins');
      await new Promise((resolve) => setTimeout(resolve, 10));
      order.push('second ends');
    });
    const { logger, lines } = keepLines();
    await Promise.all([lifecycle.stop(logger), lifecycle.stop(logger)]);
    await lifecycle.stop(logger);
    expect(order).toEqual(['second begins', 'second ends', 'first']);
    expect(lines).toEqual([]);
  });

  test('goes on after a step that fails, at once or later, and says which', async () => {
    const lifecycle = new Lifecycle();
    const order: string[] = [];
    lifecycle.onStop('last', () => {
      order.push('last');
    });
    lifecycle.onStop('rejects', () => Promise.reject(new Error('x')));
    lifecycle.onStop('throws', () => {
      throw new Error('x');
    });
    const { logger, lines } = keepLines();
    await lifecycle.stop(logger);
    expect(order).toEqual(['last']);
    expect(lines.map((line) => line.step)).toEqual(['throws', 'rejects']);
  });

  test('goes on after a step that hangs', async () => {
    vi.useFakeTimers();
    const lifecycle = new Lifecycle();
    let released = false;
    lifecycle.onStop('last', () => {
      released = true;
    });
    lifecycle.onStop('hangs', () => new Promise(() => undefined));
    const { logger, lines } = keepLines();
    const stopped = lifecycle.stop(logger);
    await vi.advanceTimersByTimeAsync(7_900);
    expect(released).toBe(false);
    await vi.advanceTimersByTimeAsync(200);
    await stopped;
    expect(released).toBe(true);
    expect(lines).toMatchObject([{ step: 'hangs' }]);
  });
});

describe('withTimeout', () => {
  test('settles as the work does and leaves no timer', async () => {
    vi.useFakeTimers();
    await expect(withTimeout(Promise.resolve(1), 1_000)).resolves.toBe(1);
    await expect(withTimeout(Promise.reject(new Error('own')), 1_000)).rejects.toThrow('own');
    expect(vi.getTimerCount()).toBe(0);
  });

  test('rejects in time, and work that fails afterwards disturbs nobody', async () => {
    let fail: (error: Error) => void = () => undefined;
    const work = new Promise((_, reject) => {
      fail = reject;
    });
    await expect(withTimeout(work, 10)).rejects.toThrow('not done within 10 ms');
    fail(new Error('late'));
    await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

describe('a running service', () => {
  /** A service that takes a while to start, or for ever to start or to stop, and says what it does. */
  const SERVICE = `
import { writeFileSync } from 'node:fs';
import { createLogger, runService } from '@caissa/shared/process';
const [, , hanging, released] = process.argv;
await runService(async (lifecycle) => {
  setInterval(() => {}, 1000);
  process.on('SIGHUP', () => { process.stdout.write('hung up;'); });
  process.stdout.write('starting;');
  await new Promise((resolve) => hanging === 'start' || setTimeout(resolve, 300));
  lifecycle.onStop('step', () => {
    process.stdout.write('released;');
    if (released) writeFileSync(released, 'released');
    return hanging === 'stop' ? new Promise(() => {}) : undefined;
  });
  process.stdout.write('started;');
  return createLogger('test', 'silent');
});
`;
  let folder: string;
  let script: string;
  let child: ChildProcess;
  let output: string;

  beforeAll(async () => {
    // Beside the package, because its name is looked up from there.
    folder = await mkdtemp(fileURLToPath(new URL('../../dist/lifecycle-test-', import.meta.url)));
    script = join(folder, 'service.mjs');
    await writeFile(script, SERVICE);
  });
  afterAll(() => rm(folder, { recursive: true }));
  afterEach(() => {
    child.kill('SIGKILL');
  });

  async function start(until: string, hanging = ''): Promise<void> {
    run(fork(script, [hanging], { silent: true }));
    await eventually(until, () => output.includes(until));
  }

  function run(program: ChildProcess): void {
    output = '';
    child = program;
    child.stdout?.on('data', (text) => {
      output += text;
    });
  }

  test.each(['SIGTERM', 'SIGINT'] as const)('releases everything on %s and ends with status 0', async (signal) => {
    await start('started');
    child.kill(signal);
    expect(await once(child, 'exit')).toEqual([0, null]);
    await eventually('its last words', () => output.includes('released;'));
  });

  test('goes on when a terminal is closed that it was started from but does not have', async () => {
    await start('started');
    child.kill('SIGHUP');
    await eventually('the signal', () => output.includes('hung up;'));
    expect(output).not.toContain('released;');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test.runIf(process.platform === 'linux')('releases everything when its terminal is closed', async () => {
    const released = join(folder, 'released');
    const command = `'${process.execPath}' '${script}' '' '${released}'`;
    run(spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] }));
    await eventually('the start', () => output.includes('started;'));
    child.kill('SIGKILL');
    await eventually('the release', async () => (await readFile(released, 'utf8').catch(() => '')) === 'released');
  });

  test.each([
    ['start', 'starting;'],
    ['stop', 'started;'],
  ])('whose %s hangs ends at once on a later signal', async (hanging, until) => {
    await start(until, hanging);
    const ended = once(child, 'exit');
    const repeating = setInterval(() => child.kill('SIGINT'), 100);
    expect(await ended).toEqual([130, null]);
    clearInterval(repeating);
  });

  test('ends when the process that started it ends', async () => {
    await start('started');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
    await eventually('its last words', () => output.includes('released;'));
  });

  test('ends also when that happens while it starts', async () => {
    await start('starting');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
    await eventually('its last words', () => output.includes('released;'));
    expect(output).toBe('starting;started;released;');
  });
});
