// Brings a checkout into a state in which its programs run: dependencies as locked, TypeScript compiled, the page and the command line built.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ageMs } from './age.mjs';
import { buildBundles } from './build-bundles.mjs';
import { withLock } from './lock.mjs';
import { runToEnd } from './run-to-end.mjs';

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

/** Installs, compiles and builds what is not up to date. Gives a sentence about what went wrong, or undefined. */
export const prepare = (root) => {
  const cache = join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  const work = async () => (await install(root)) || (await compile(root)) || (await buildBundles(root));
  return withLock(join(cache, 'prepare.lock'), work);
};
