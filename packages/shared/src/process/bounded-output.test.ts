import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { atBestWithin } from '@caissa/testing/at-best-within';
import { afterEach, describe, expect, onTestFinished, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../fixtures/service.mjs', import.meta.url));

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

type Output = number | 'pipe' | 'ignore';

function start(what: string, stdout: Output, stderr: Output = 'ignore'): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, what], { stdio: ['ignore', stdout, stderr, 'ipc'] });
  children.push(child);
  return child;
}

const hears = async (child: ChildProcess, type: string) => {
  for (;;) {
    const [message] = await once(child, 'message');
    if (message.type === type) return;
  }
};

async function staysAlive(child: ChildProcess): Promise<void> {
  await atBestWithin(100, async () => {
    const heard = hears(child, 'alive');
    child.send('are you there');
    await heard;
  });
}

/** Both ends of a pipe of the system; what Node makes for a child is a socket. */
async function openPipe(): Promise<{ reader: number; writer: number; closeReader(): void }> {
  const folder = await mkdtemp(join(tmpdir(), 'caissa-output-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  let isOpen = true;
  const closeReader = () => {
    if (isOpen) closeSync(reader);
    isOpen = false;
  };
  onTestFinished(async () => {
    closeReader();
    closeSync(writer);
    await rm(folder, { recursive: true });
  });
  return { reader, writer, closeReader };
}

describe('a service goes on', () => {
  test.each(['flood', 'print'])('while nobody reads the pipe that it writes to (%s)', async (what) => {
    const { writer } = await openPipe();
    const child = start(what, writer, writer);
    await hears(child, 'started');
    await staysAlive(child);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test.each(['flood', 'print'])('while nobody reads the socket that it writes to (%s)', async (what) => {
    const child = start(what, 'pipe', 'pipe');
    await hears(child, 'started');
    await staysAlive(child);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('when whoever read its output is gone', async () => {
    const { writer, closeReader } = await openPipe();
    const child = start('slowly', writer, writer);
    await hears(child, 'started');
    closeReader();
    await staysAlive(child);
    await staysAlive(child);
  });

  test.each(['flood', 'print', 'slowly'])('on a full disk (%s)', async (what) => {
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const child = start(what, full, full);
    await hears(child, 'started');
    await staysAlive(child);
  });
});

test('what is dropped while nobody reads is counted when somebody does, and all else is whole and in order', async () => {
  const child = start('flood', 'pipe');
  await hears(child, 'started');
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    output += part;
  });
  await expect.poll(() => output).toMatch(/dropped, because.*\n$/);
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { number?: number; msg: string; dropped_lines?: number; level: number });
  const notice = lines.pop();
  expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1));
  const dropped = 3_000 - lines.length;
  expect(notice).toMatchObject({
    level: 40,
    dropped_lines: dropped,
    msg: `${dropped} log lines were dropped, because standard output did not take them.`,
  });
});

test('nothing is dropped while somebody reads, however much that is', async () => {
  const shell = spawn('sh', ['-c', '"$0" "$1" steadily | cat', process.execPath, PROGRAM], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(shell);
  const lines = (await text(shell.stdout)).trim().split('\n');
  expect(lines).toHaveLength(3_000);
  expect(lines.filter((line) => JSON.parse(line).level !== 30)).toEqual([]);
});

test('lines are counted, not the parts that they come in', async () => {
  const child = start('print-parts', 'ignore', 'pipe');
  await hears(child, 'started');
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    output += part;
  });
  await expect.poll(() => output).toMatch(/dropped, because.*\n$/);
  const lines = output.trim().split('\n');
  const dropped = 6_000 - (lines.length - 1);
  expect(lines.pop()).toBe(`${dropped} log lines were dropped, because standard error did not take them.`);
});

describe('the last words of a service', () => {
  test('are on standard output when it crashes', async () => {
    const child = start('crash', 'pipe');
    const [output, [code]] = await Promise.all([text(child.stdout ?? Readable.from([])), once(child, 'exit')]);
    expect(code).toBe(1);
    const lines = output.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { msg: 'the last line before', level: 30 },
      { level: 60, err: { message: 'a bug', stack: expect.stringContaining('service.mjs') } },
    ]);
  });

  test('are not waited for when nobody takes them', async () => {
    const { writer } = await openPipe();
    for (const what of ['flood', 'print']) {
      const full = start(what, writer, writer);
      await hears(full, 'started');
      full.kill('SIGKILL');
    }
    const child = start('crash', writer, writer);
    expect(await once(child, 'exit')).toEqual([1, null]);
  });

  test.each([
    ['unset', 2, /^PORT is "x"\.\n$/],
    ['unable', 1, /^Error: port taken\n\s+at /],
  ])('say why it cannot start (%s), and its status does', async (what, status, words) => {
    const child = start(what, 'ignore', 'pipe');
    const [output, [code]] = await Promise.all([text(child.stderr ?? Readable.from([])), once(child, 'exit')]);
    expect(code).toBe(status);
    expect(output).toMatch(words);
  });

  test('are on standard error when nothing is logged', async () => {
    const child = start('crash-silently', 'ignore', 'pipe');
    const [output, [code]] = await Promise.all([text(child.stderr ?? Readable.from([])), once(child, 'exit')]);
    expect(code).toBe(1);
    expect(output).toMatch(/^Error: a bug\n\s+at /);
  });

  test('do not change its status when nobody takes them', async () => {
    const full = openSync('/dev/full', 'w');
    onTestFinished(() => closeSync(full));
    const child = start('unset', full, full);
    expect(await once(child, 'exit')).toEqual([2, null]);
  });
});
