import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { SpareProcess, startSession } from '@caissa/session';
import { afterEach, expect, it } from 'vitest';

// Through the package's name: the session's process is a compiled program.

const MODEL = fileURLToPath(new URL('../fixtures/scale.onnx', import.meta.url));
const feeds = { x: { data: new Float32Array([1, 2, 3]), shape: [1, 3] } };

const spares: SpareProcess[] = [];
afterEach(() => {
  for (const spare of spares.splice(0)) spare.close();
});

async function startSpare(): Promise<SpareProcess> {
  const spare = new SpareProcess(10);
  spares.push(spare);
  expect(spare.pid).toBeUndefined();
  spare.take().kill('SIGKILL');
  await expect.poll(() => spare.pid, { timeout: 5_000 }).toBeDefined();
  return spare;
}

async function pidOfSession(spare: SpareProcess): Promise<number> {
  const session = await startSession({ modelPath: MODEL, device: 'cpu', spare });
  expect((await session.run(feeds))['y']?.shape).toEqual([1, 3]);
  await session.close();
  return session.pid;
}

it('a session takes the process that waits, and the next one takes another', async () => {
  const spare = await startSpare();
  const first = spare.pid;
  expect(await pidOfSession(spare)).toBe(first);
  await expect.poll(() => spare.pid, { timeout: 5_000 }).toBeDefined();
  expect(spare.pid).not.toBe(first);
  expect(await pidOfSession(spare)).not.toBe(first);
});

it('a session starts a process of its own when none waits, or the one that did has died', async () => {
  const none = new SpareProcess(60_000);
  spares.push(none);
  expect(await pidOfSession(none)).toBeGreaterThan(0);
  const spare = await startSpare();
  const killed = spare.pid ?? 0;
  process.kill(killed, 'SIGKILL');
  await expect.poll(() => isAlive(killed), { timeout: 5_000 }).toBe(false);
  expect(await pidOfSession(spare)).not.toBe(killed);
});

it('what waits ends when it is closed, and no other is started', async () => {
  const spare = await startSpare();
  const { pid = 0 } = spare;
  spare.close();
  await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false);
  expect(await pidOfSession(spare)).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(spare.pid).toBeUndefined();
});

it('what waits keeps nobody from ending, and ends with him', async () => {
  const program = `
    import { SpareProcess } from '@caissa/session';
    const spare = new SpareProcess(1);
    spare.take().kill('SIGKILL');
    setTimeout(() => console.log(spare.pid), 100);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: fileURLToPath(new URL('../../conversion', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = await once(parent.stdout, 'data');
  if (parent.exitCode === null) await once(parent, 'exit');
  expect(Number(text)).toBeGreaterThan(0);
  await expect.poll(() => isAlive(Number(text)), { timeout: 5_000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
