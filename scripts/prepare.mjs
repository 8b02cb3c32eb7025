// Brings a checkout into a state in which its programs run: dependencies as locked, TypeScript compiled.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const LOCK_HEARTBEAT_MS = 1000;
const LOCK_STALE_MS = 15_000;
const LOCK_POLL_MS = 100;

/** Milliseconds since the file or folder was touched; infinite if there is none. */
const ageMs = (path) => {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
};

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
const withLock = async (lock, work) => {
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

/** Runs a program to its end, with our terminal but no input; gives its exit code. */
const runToEnd = (file, args) =>
  new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    const forward = (signal) => child.kill(signal);
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, forward);
    const finish = (code) => {
      for (const signal of ['SIGINT', 'SIGTERM']) process.removeListener(signal, forward);
      resolve(code);
    };
    child.once('error', () => finish(127));
    child.once('exit', (code, signal) => (signal ? process.exit(130) : finish(code)));
  });

const lockDigest = (root) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');

const readStamp = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/**
 * Whether node_modules holds what package-lock.json says: by the digest we left there, or, after an `npm install` by
 * hand, by npm's own record being as new as the lock file (npm writes both within the same second or two).
 */
const isInstalled = (root) => {
  const record = ageMs(join(root, 'node_modules', '.package-lock.json'));
  if (!Number.isFinite(record)) return false;
  const stamp = readStamp(join(root, 'node_modules', '.caissa-lock-digest'));
  if (stamp === lockDigest(root)) return true;
  return record <= ageMs(join(root, 'package-lock.json')) + 2000;
};

const install = async (root) => {
  if (isInstalled(root)) return undefined;
  process.stderr.write('Installing dependencies with npm ci.\n');
  const npm = process.env.npm_execpath;
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
  const code = npm ? await runToEnd(process.execPath, [npm, ...args]) : await runToEnd('npm', args);
  if (code !== 0) return `npm ci failed (exit code ${code}); the lines above say why.`;
  writeFileSync(join(root, 'node_modules', '.caissa-lock-digest'), lockDigest(root));
  return undefined;
};

const compile = async (root) => {
  const code = await runToEnd(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b', root]);
  return code === 0 ? undefined : 'The TypeScript sources do not compile; the lines above say why.';
};

/** Installs and compiles what is not up to date. Gives a sentence about what went wrong, or undefined. */
export const prepare = (root) => {
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  return withLock(join(cache, 'prepare.lock'), async () => (await install(root)) || (await compile(root)));
};
