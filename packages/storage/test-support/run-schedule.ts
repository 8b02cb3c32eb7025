import type { ArtifactStore } from '../src/artifacts/artifact-store.js';
import { ExportCluster } from './export-cluster.js';
import type { Actor, Schedule } from './schedule.js';

/** Operations of a schedule in which something may happen; then all that lives goes on to its end. */
const EVENTFUL_STEPS = 60;

/**
 * Lets exporters, sweeps and an operator loose on one store, some of which freeze, lose jobs, are killed or come later, and
 * has everything end. Returns the jobs and what became of them.
 */
export async function runSchedule(schedule: Schedule, open: () => Promise<ArtifactStore>): Promise<ExportCluster> {
  const cluster = new ExportCluster(schedule, open, 1 + schedule.pick(2));
  let count = 0;
  const start = (): Actor => {
    const name = `p${++count}`;
    const kind = schedule.random();
    if (kind < 0.6) return cluster.startWorker(name);
    return kind < 0.9 ? cluster.startSweep(name) : cluster.startRemoval(name);
  };
  cluster.startWorker('w1');
  cluster.startWorker('w2');
  for (let step = 0; step < EVENTFUL_STEPS; step++) {
    await schedule.settle();
    happen(schedule, cluster, start);
    await schedule.advance();
  }
  await finish(schedule);
  // What those who were killed have held is done by who comes later.
  cluster.loseAll();
  cluster.startWorker('last');
  await finish(schedule);
  return cluster;
}

function happen(schedule: Schedule, cluster: ExportCluster, start: () => Actor): void {
  const [name, last, jobId = ''] = schedule.log.at(-1)?.split(' ') ?? [];
  const confirmed = schedule.actors.find((actor) => actor.name === name);
  if (last === 'confirms' && confirmed !== undefined && schedule.random() < 0.3) {
    // To be told that one has a job and to lose it at once is what hurts most.
    confirmed.isFrozen = true;
    cluster.loseJob(jobId);
    return;
  }
  const chance = schedule.random();
  const alive = schedule.actors.filter(({ isDone, isKilled }) => !isDone && !isKilled);
  const actor = alive[schedule.pick(alive.length)];
  if (chance < 0.05 && alive.length < 4) start();
  else if (chance < 0.09) cluster.loseJob(`job-${schedule.pick(2)}`);
  else if (chance < 0.15 && actor) actor.isFrozen = !actor.isFrozen;
  else if (chance < 0.165 && actor) schedule.kill(actor);
  else if (chance < 0.2) cluster.retryJob(`job-${schedule.pick(2)}`);
}

async function finish(schedule: Schedule): Promise<void> {
  for (const actor of schedule.actors) actor.isFrozen = false;
  while (await schedule.advance());
}
