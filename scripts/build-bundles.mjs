// Builds the web page and the command line when they are not what their sources say.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { runToEnd } from './run-to-end.mjs';

/** What is built, from the root of the checkout: of which files, into which folder, and by what. */
const BUNDLES = [
  {
    name: 'web page',
    sources: ['package-lock.json', 'packages/formats/src', 'packages/shared/src/contracts', 'services/web'],
    folder: 'services/web/dist',
    program: 'node_modules/vite/bin/vite.js',
    args: ['build', 'services/web', '--logLevel', 'warn'],
  },
  {
    name: 'command line',
    sources: ['package-lock.json', 'packages', 'services/cli'],
    folder: 'services/cli/dist/bundle',
    program: 'services/cli/bundle.mjs',
    args: [],
  },
];

/** What lies among the sources and changes nothing. */
const IGNORED = /^(dist|node_modules)$|\.test\.tsx?$|\.tsbuildinfo$/;

/** Left in the folder that is emptied before it is built. */
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

/** By content, not by time: going to another branch and back builds nothing. It is a few megabytes. */
const digestOf = (root, sources) => {
  const digest = createHash('sha256');
  for (const file of sources.flatMap((source) => filesOf(join(root, source)))) {
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

/** Builds it if it is not up to date. Gives a sentence about what went wrong, or undefined. */
const build = async (root, { name, sources, folder, program, args }) => {
  const stamp = join(root, folder, STAMP);
  const digest = digestOf(root, sources);
  if (readStamp(stamp) === digest) return undefined;
  process.stderr.write(`Building the ${name}.\n`);
  // Whatever this shell is set to: a page for development is slow and large.
  const options = { cwd: root, env: { ...process.env, NODE_ENV: 'production' } };
  const code = await runToEnd(process.execPath, [join(root, program), ...args], options);
  if (code !== 0) return `The ${name} does not build; the lines above say why.`;
  writeFileSync(stamp, digest);
  return undefined;
};

/** Builds what is not up to date. Gives a sentence about what went wrong, or undefined. */
export const buildBundles = async (root) => {
  for (const bundle of BUNDLES) {
    const problem = await build(root, bundle);
    if (problem) return problem;
  }
  return undefined;
};
