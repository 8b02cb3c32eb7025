import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Session, type SessionOptions, startSession } from '@caissa/session';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

// Through the package's name: the session's process is a compiled program.

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const fixture = (name: string) => join(packageFolder, 'fixtures', name);
const one = { data: new Float32Array([1, 2, 3]), shape: [1, 3] };

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

let folder: string;
const open: Session[] = [];

async function start(options: SessionOptions): Promise<Session> {
  const session = await startSession({ device: 'cpu', intraOpThreads: 1, ...options });
  open.push(session);
  return session;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-session-'));
});
afterEach(async () => {
  for (const session of open) if (isAlive(session.pid)) process.kill(session.pid, 'SIGKILL');
  await Promise.all(open.splice(0).map((session) => session.exited));
});
afterAll(() => rm(folder, { recursive: true }));

describe('an open session', () => {
  it('describes the model and its device', async () => {
    const session = await start({ modelPath: fixture('scale.onnx') });
    expect(session.info).toEqual({
      inputs: [{ name: 'x', dtype: 'float32', shape: ['n', 3] }],
      outputs: [
        { name: 'y', dtype: 'float32', shape: ['n', 3] },
        { name: 'total', dtype: 'float32', shape: ['n'] },
      ],
      device: 'cpu',
      deviceName: 'CPU',
      executionProviders: ['cpu'],
    });
  });

  it('computes every output, for any batch and for a view into a larger buffer', async () => {
    const session = await start({ modelPath: fixture('scale.onnx') });
    const larger = new Float32Array([9, 9, 1, 2, 3, 4, 5, 6, 9]);
    const outputs = await session.run({ x: { data: larger.subarray(2, 8), shape: [2, 3] } });
    expect(outputs['y']).toEqual({ data: new Float32Array([1, 4, 9, 4, 10, 18]), shape: [2, 3] });
    expect(outputs['total']).toEqual({ data: new Float32Array([14, 32]), shape: [2] });
  });

  it('answers runs that were asked for at once, each with its own result', async () => {
    const session = await start({ modelPath: fixture('scale.onnx') });
    const inputs = Array.from({ length: 20 }, (_, index) => index);
    const answers = await Promise.all(
      inputs.map((index) => session.run({ x: { data: new Float32Array([index, 0, 0]), shape: [1, 3] } })),
    );
    expect(answers.map((outputs) => outputs['y']?.data[0])).toEqual(inputs);
  });

  it('refuses feeds that do not fit and goes on', async () => {
    const session = await start({ modelPath: fixture('scale.onnx') });
    const refused = { name: 'SessionError', code: 'SESSION_RUN_FAILED' };
    await expect(session.run({})).rejects.toMatchObject(refused);
    await expect(session.run({ x: { data: one.data, shape: [1, 4] } })).rejects.toMatchObject(refused);
    await expect(session.run({ x: { data: one.data, shape: [3, 1] } })).rejects.toMatchObject(refused);
    await expect(session.run({ z: one })).rejects.toMatchObject(refused);
    await expect(session.run({ x: one })).resolves.toHaveProperty('total.shape', [1]);
  });

  it('refuses an output that is not float32', async () => {
    const session = await start({ modelPath: fixture('integer-output.onnx') });
    await expect(session.run({ x: one })).rejects.toMatchObject({ code: 'SESSION_RUN_FAILED' });
  });

  it('uses the CPU where CUDA cannot be had', async () => {
    const session = await start({ modelPath: fixture('scale.onnx'), device: 'auto' });
    expect(session.info.executionProviders.at(-1)).toBe('cpu');
    expect(session.info.executionProviders[0]).toBe(session.info.device);
    await expect(session.run({ x: one })).resolves.toHaveProperty('y');
  });
});

describe('the end of a session', () => {
  it('close lets runs finish, leaves no process and may be repeated', async () => {
    const session = await start({ modelPath: fixture('scale.onnx') });
    const last = session.run({ x: one });
    await Promise.all([session.close(), session.close()]);
    await expect(last).resolves.toHaveProperty('y');
    await expect(session.exited).resolves.toEqual({ code: 0, signal: null });
    expect(isAlive(session.pid)).toBe(false);
    await expect(session.run({ x: one })).rejects.toMatchObject({ code: 'SESSION_EXITED' });
  });

  it('a killed process fails the runs that wait and those that follow', async () => {
    const session = await start({ modelPath: fixture('endless.onnx') });
    const runs = [session.run({ x: one }), session.run({ x: one })];
    const outcomes = Promise.allSettled(runs);
    process.kill(session.pid, 'SIGKILL');
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'SESSION_EXITED' } });
    }
    await expect(session.exited).resolves.toEqual({ code: null, signal: 'SIGKILL' });
    await expect(session.run({ x: one })).rejects.toMatchObject({ code: 'SESSION_EXITED' });
    await session.close();
  });

  it('a run that takes too long fails and ends the process', async () => {
    const session = await start({ modelPath: fixture('endless.onnx'), runTimeoutMs: 200 });
    await expect(session.run({ x: one })).rejects.toMatchObject({ code: 'SESSION_TIMEOUT' });
    await expect(session.exited).resolves.toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('signals to the process group do not end it, the death of its parent does', async () => {
    const program = `import { startSession } from '@caissa/session';
      const session = await startSession({ modelPath: ${JSON.stringify(fixture('scale.onnx'))}, device: 'cpu' });
      console.log(session.pid);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: packageFolder,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(String(line).trim());
    process.kill(pid, 'SIGINT');
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.kill(pid, signal);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

describe('a session that cannot start', () => {
  const failed = { name: 'SessionError', code: 'SESSION_START_FAILED' };

  it.each([
    ['a missing file', 'nothing.onnx'],
    ['a folder', '.'],
    ['a text', 'README.md'],
    ['weights in another file', 'external-data.onnx'],
    ['a constant in another file', 'external-constant.onnx'],
  ])('refuses %s', async (_name, file) => {
    const starting = start({ modelPath: fixture(file) });
    await expect(starting).rejects.toMatchObject(failed);
    await expect(starting).rejects.not.toThrow(packageFolder);
  });

  it('refuses a model that is valid protobuf and no graph', async () => {
    const path = join(folder, 'empty.onnx');
    await writeFile(path, Buffer.alloc(0));
    const starting = start({ modelPath: path });
    await expect(starting).rejects.toMatchObject(failed);
    await expect(starting).rejects.not.toThrow(folder);
  });

  it('gives up after the start timeout', async () => {
    const starting = start({ modelPath: fixture('scale.onnx'), startTimeoutMs: 1 });
    await expect(starting).rejects.toMatchObject({ code: 'SESSION_TIMEOUT' });
  });

  it('gives up when its signal aborts, with the reason', async () => {
    const controller = new AbortController();
    const starting = start({ modelPath: fixture('scale.onnx'), signal: controller.signal });
    const reason = new Error('not wanted any more');
    controller.abort(reason);
    await expect(starting).rejects.toBe(reason);
    await expect(start({ modelPath: fixture('scale.onnx'), signal: controller.signal })).rejects.toBe(reason);
  });
});
