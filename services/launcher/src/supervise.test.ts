import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startServiceProcess } from './service-process.js';
import { type RestartPolicy, type Supervised, supervise } from './supervise.js';

const policy: RestartPolicy = {
  backoffMs: 5,
  maxBackoffMs: 20,
  quickEndMs: 10_000,
  maxQuickEnds: 3,
  hopelessCodes: [2],
};

let folder: string;
const supervised: Supervised[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-supervise-'));
});
afterEach(async () => {
  for (const each of supervised.splice(0)) each.kill();
  await rm(folder, { recursive: true });
});

/** Supervises a program; each of its runs adds a line to a file. */
async function superviseProgram(
  body: string,
  {
    graceMs = 5_000,
    essential = true,
    ...changes
  }: Partial<RestartPolicy> & { graceMs?: number; essential?: boolean } = {},
) {
  const program = join(folder, 'program.mjs');
  const runsFile = join(folder, 'runs');
  await writeFile(
    program,
    `import { appendFileSync } from 'node:fs'; appendFileSync(${JSON.stringify(runsFile)}, 'run\\n');\n${body}`,
  );
  const say = vi.fn<(line: string) => void>();
  const giveUp = vi.fn<(sentence: string) => void>();
  const start = async () => startServiceProcess(program, { PATH: '' }, graceMs);
  const service = await supervise({ name: 'worker', start, policy: { ...policy, ...changes }, essential, say, giveUp });
  supervised.push(service);
  const runs = async () => (await readFile(runsFile, 'utf8').catch(() => '')).split('\n').length - 1;
  return { service, say, giveUp, runs };
}

const stayAlive = 'setInterval(() => {}, 1000);';

describe('supervise', () => {
  it('starts a process again that was killed, and says so', async () => {
    const { service, say, giveUp, runs } = await superviseProgram(stayAlive);
    await expect.poll(runs).toBe(1);
    const firstPid = service.pid;
    process.kill(firstPid ?? 0, 'SIGKILL');
    await expect.poll(runs).toBe(2);
    expect(service.pid).not.toBe(firstPid);
    expect(say).toHaveBeenCalledExactlyOnceWith('The worker was ended by SIGKILL and is started again.');
    expect(giveUp).not.toHaveBeenCalled();
  });

  it('goes on with one that is not essential, says that it is failing, and when it runs again', async () => {
    const flag = JSON.stringify(join(folder, 'flag'));
    const body = `import { existsSync } from 'node:fs'; if (!existsSync(${flag})) process.exit(1); ${stayAlive}`;
    const { say, giveUp, runs } = await superviseProgram(body, { essential: false, quickEndMs: 1_000 });
    await expect.poll(runs).toBeGreaterThan(4);
    const said = say.mock.calls.map(([line]) => line);
    expect(said.slice(0, 3)).toEqual([
      'The worker ended with exit code 1 and is started again.',
      'The worker ended with exit code 1 and is started again.',
      'The worker is failing: it ended with exit code 1, 3 times in a row soon after its start. It is started again; the rest runs on.',
    ]);
    await writeFile(join(folder, 'flag'), '');
    await expect.poll(() => say.mock.lastCall?.[0]).toBe('The worker runs again.');
    expect(giveUp).not.toHaveBeenCalled();
  });

  it('goes on with one that is not essential and is refused after it has run', async () => {
    const ran = JSON.stringify(join(folder, 'ran'));
    const body = `if (existsSync(${ran})) process.exit(2); writeFileSync(${ran}, ''); process.exit(1);`;
    const program = `import { existsSync, writeFileSync } from 'node:fs'; ${body}`;
    const { giveUp, runs } = await superviseProgram(program, { essential: false });
    await expect.poll(runs).toBeGreaterThan(3);
    expect(giveUp).not.toHaveBeenCalled();
  });

  it('gives up after so many quick ends in a row', async () => {
    const { say, giveUp, runs } = await superviseProgram('process.exit(1);');
    await expect.poll(() => giveUp.mock.calls).toHaveLength(1);
    expect(giveUp).toHaveBeenCalledWith(expect.stringMatching(/^The worker ended with exit code 1, 3 times in a row/));
    expect(say).toHaveBeenCalledTimes(2);
    expect(await runs()).toBe(3);
  });

  it('does not hold an end against a process that ran well before', async () => {
    const { giveUp, runs } = await superviseProgram('process.exit(1);', { quickEndMs: 0 });
    await expect.poll(runs).toBeGreaterThan(4);
    expect(giveUp).not.toHaveBeenCalled();
  });

  it.each([true, false])('does not try again what cannot work (essential: %s)', async (essential) => {
    const { say, giveUp, runs } = await superviseProgram('process.exit(2);', { essential });
    await expect.poll(() => giveUp.mock.calls).toHaveLength(1);
    expect(giveUp).toHaveBeenCalledWith('The worker cannot run with this configuration; it says why above.');
    expect(say).not.toHaveBeenCalled();
    expect(await runs()).toBe(1);
  });

  it('stops a process and does not start it again', async () => {
    const { service, say, giveUp, runs } = await superviseProgram(stayAlive);
    await expect.poll(runs).toBe(1);
    await service.stop();
    expect(service.pid).toBeUndefined();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await runs()).toBe(1);
    expect(say).not.toHaveBeenCalled();
    expect(giveUp).not.toHaveBeenCalled();
  });

  it('ends by force a process that does not stop', async () => {
    const { service, runs } = await superviseProgram(`process.on('SIGTERM', () => {}); ${stayAlive}`, { graceMs: 100 });
    await expect.poll(runs).toBe(1);
    await service.stop();
    expect(service.pid).toBeUndefined();
  });

  it('stops while it waits to start again', async () => {
    const { service, say, runs } = await superviseProgram('process.exit(1);', {
      backoffMs: 60_000,
      maxBackoffMs: 60_000,
    });
    await expect.poll(() => say.mock.calls).toHaveLength(1);
    await service.stop();
    expect(await runs()).toBe(1);
  });

  it('gives up when a restart is refused', async () => {
    const end = { code: 1, signal: null };
    const ended = { pid: 1, exited: Promise.resolve(end), stop: () => Promise.resolve(), kill: () => {} };
    const start = vi.fn(async () => ended).mockResolvedValueOnce(ended);
    start.mockRejectedValueOnce(new Error('no room'));
    const giveUp = vi.fn<(sentence: string) => void>();
    await supervise({ name: 'worker', start, policy, essential: true, say: () => {}, giveUp });
    await expect.poll(() => giveUp.mock.calls).toEqual([['The worker cannot be started again: no room']]);
  });
});
