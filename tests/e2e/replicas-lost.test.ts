import { type ChildProcess, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Client } from '../setup/client.js';
import { EvaluationLoad } from '../setup/evaluation-load.js';
import { activate, converged, liveLoaders, readJournal, startReplicas, wrongAnswers } from '../setup/replicas.js';
import { kill, type System } from '../setup/system.js';

const PLAYERS = 20;

/** Time in which what was sent to a loader that freezes has been answered by another one. */
const WORST_MS = 10_000;

/** Ends the session processes of a loader, as the system does when memory runs out. Returns 0 if there was one. */
function killSessions({ pid }: ChildProcess): number {
  return spawnSync('pkill', ['-KILL', '-P', String(pid), '-f', 'session-child']).status ?? 1;
}

describe('two replicas under load', () => {
  let system: System;
  beforeAll(async () => {
    system = await startReplicas(inject('redisUrl'), 2);
    await activate(new Client(system.url), 0);
    await converged(system);
  });
  afterAll(() => system?.stop());

  /** Has players ask while `strike` is done to one of the loaders; settles when each was told more after that. */
  async function playWhile(strike: (victim: ChildProcess) => unknown): Promise<EvaluationLoad> {
    const [victim] = liveLoaders(system);
    if (victim === undefined) throw new Error('no loader runs');
    const load = new EvaluationLoad(system.url, PLAYERS, 0);
    await load.untilAnswered(200);
    await strike(victim);
    await load.untilAnswered(200);
    await load.stop();
    expect(wrongAnswers(load.answers, await readJournal(new Client(system.url)))).toEqual([]);
    return load;
  }

  it('lose no request when the session process of one is killed', async () => {
    const { failures } = await playWhile((victim) => expect(killSessions(victim)).toBe(0));
    expect(failures).toEqual([]);
    await converged(system);
  }, 200_000);

  it('lose no request when one freezes, and none waits for long', async () => {
    let frozen: ChildProcess | undefined;
    try {
      const { failures, worstMs } = await playWhile((victim) => {
        frozen = victim;
        victim.kill('SIGSTOP');
      });
      expect(failures).toEqual([]);
      expect(worstMs).toBeLessThan(WORST_MS);
    } finally {
      frozen?.kill('SIGCONT');
    }
    await converged(system);
  }, 200_000);

  it('lose no request when one is killed', async () => {
    expect((await playWhile((victim) => kill(victim))).failures).toEqual([]);
  }, 200_000);
});
