// Builds the web page when it is not what its sources say.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runToEnd } from './run-to-end.mjs';

/** What the page is made of, from the root of the checkout. */
const SOURCES = ['package-lock.json', 'packages/formats/src', 'packages/shared/src/contracts', 'services/web'];

/** What lies among the sources and does not change the page. */
const IGNORED = /^(dist|node_modules)$|\.test\.tsx?$|\.tsbuildinfo$/;

/** Left in the folder that Vite empties before it builds. */
const STAMP = '.sources-digest';

/** Paths of all files of a file or folder, in an order that is always the same. */
const filesOf = (path) => {
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') return [path];
    throw error;
  }
  const kept = entries
    .filter(({ name }) => !IGNORED.test(name))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  return kept.flatMap((entry) => filesOf(join(path, entry.name)));
};

/** By content, not by time: going to another branch and back builds nothing. It is less than a megabyte. */
const digestOf = (root) => {
  const digest = createHash('sha256');
  for (const file of SOURCES.flatMap((source) => filesOf(join(root, source)))) {
    const bytes = readFileSync(file);
    digest.update(`${relative(root, file)}\0${bytes.length}\0`).update(bytes);
  }
  return digest.digest('hex');
};

const readStamp = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/** Builds the page if it is not up to date. Gives a sentence about what went wrong, or undefined. */
export const buildPage = async (root) => {
  const stamp = join(root, 'services', 'web', 'dist', STAMP);
  const digest = digestOf(root);
  if (readStamp(stamp) === digest) return undefined;
  process.stderr.write('Building the web page.\n');
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', join(root, 'services', 'web'), '--logLevel', 'warn'];
  // Whatever this shell is set to: a page for development is slow and large.
  const code = await runToEnd(process.execPath, args, { ...process.env, NODE_ENV: 'production' });
  if (code !== 0) return 'The web page does not build; the lines above say why.';
  writeFileSync(stamp, digest);
  return undefined;
};
