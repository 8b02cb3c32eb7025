import { mkdirSync, rmSync, utimesSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { ageMs } from './age.mjs';

const LOCK_HEARTBEAT_MS = 1000;
const LOCK_STALE_MS = 15_000;
const LOCK_POLL_MS = 100;

const takeLock = (lock) => {
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    return false;
  }
};

/**
 * Runs `work` while no other process works on this checkout. The lock is a folder that its holder touches every second;
 * one that has not been touched for a while was left by a process that died.
 */
export const withLock = async (lock, work) => {
  let said = false;
  while (!takeLock(lock)) {
    const age = ageMs(lock);
    if (age > LOCK_STALE_MS && Number.isFinite(age)) {
      rmSync(lock, { recursive: true, force: true });
      continue;
    }
    if (!said) process.stderr.write('Waiting for another process that prepares this checkout.\n');
    said = true;
    await delay(LOCK_POLL_MS);
  }
  const heartbeat = setInterval(() => {
    try {
      utimesSync(lock, new Date(), new Date());
    } catch {
      // Taken for abandoned, after this machine slept perhaps; the work is worth finishing all the same.
    }
  }, LOCK_HEARTBEAT_MS);
  const release = () => rmSync(lock, { recursive: true, force: true });
  process.once('exit', release);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    process.removeListener('exit', release);
    release();
  }
};
