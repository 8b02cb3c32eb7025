#!/usr/bin/env node
// The one door to everything that runs from a checkout. It may run before anything is installed, on any Node.js, so it
// uses nothing but Node.js, and only syntax that old ones read.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Command → what it does, the program, and the arguments that come before the caller's. */
const COMMANDS = {
  start: { help: 'the whole system: Redis, API, exporter and loader', program: 'services/launcher/dist/main.js' },
  api: { help: 'one API', program: 'services/api/dist/main.js' },
  exporter: { help: 'one exporter', program: 'services/exporter/dist/main.js' },
  loader: { help: 'one loader', program: 'services/loader/dist/main.js' },
  build: { help: 'nothing more, so that the others start at once' },
  dev: {
    help: 'the web page out of its sources, beside an API that runs; CAISSA_URL says where that is',
    program: 'node_modules/vite/bin/vite.js',
    args: ['services/web'],
  },
  test: { help: 'all tests; arguments go to vitest', program: 'node_modules/vitest/vitest.mjs', args: ['run'] },
  'test:browser': {
    help: 'the tests of the web page, in a Chromium; arguments go to vitest',
    program: 'node_modules/vitest/vitest.mjs',
    args: ['run', '--config', 'tests/browser/vitest.config.ts'],
  },
  'test:containers': {
    help: 'the tests of the images and of docker-compose.yml, where a Docker engine answers; arguments go to vitest',
    program: 'node_modules/vitest/vitest.mjs',
    args: ['run', '--config', 'tests/containers/vitest.config.ts'],
  },
  'test:hostile': {
    help: 'files that mean harm: made at random, of the greatest cost, or to run something; arguments go to vitest',
    program: 'node_modules/vitest/vitest.mjs',
    args: ['run', '--config', 'tests/hostile/vitest.config.ts'],
  },
  screenshots: {
    help: 'the pictures of docs/screenshots, anew',
    program: 'node_modules/vitest/vitest.mjs',
    args: ['run', '--config', 'tests/browser/screenshots.config.ts'],
  },
  'test:interop': { help: 'the tests against real PyTorch', program: 'tests/interop/run.mjs' },
  bench: { help: 'the benchmarks', program: 'bench/dist/index.js' },
};

const usage = () => {
  const rows = Object.keys(COMMANDS).map((name) => `  ${name.padEnd(17)}${COMMANDS[name].help}`);
  return `Usage: node scripts/run.mjs <command> [arguments]\n\nInstalls, compiles and builds what is missing, then runs:\n${rows.join('\n')}\n`;
};

/** Whether this Node.js has what the code uses; 20.19 is the oldest that does. */
const isNodeNewEnough = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > 20 || (major === 20 && minor >= 19);
};

const fail = (code, message) => {
  process.stderr.write(`${message}\n`);
  process.exit(code);
};

const main = async () => {
  const [name, ...args] = process.argv.slice(2);
  if (name === '--help' || name === '-h') {
    process.stdout.write(usage());
    return;
  }
  const command = Object.hasOwn(COMMANDS, name || '') ? COMMANDS[name] : undefined;
  if (!command) fail(2, `${name ? `There is no command "${name}".` : 'Say what to run.'}\n\n${usage()}`);
  if (!isNodeNewEnough()) {
    fail(1, `Caissa needs Node.js 20.19 or newer, and this is ${process.versions.node}.`);
  }
  process.chdir(root);
  // A reader that is gone is no reason to stop.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const { endWithNpm } = await import('./end-with-npm.mjs');
  endWithNpm(root, name);
  const { prepare } = await import('./prepare.mjs');
  const problem = await prepare(root);
  if (problem) {
    // Whoever reads a test run's last line must not take a run that never began for a good one.
    if (['test', 'test:browser', 'test:containers', 'test:hostile'].includes(name))
      process.once('exit', () => process.stdout.write('0 passed, 1 failed\n'));
    fail(1, problem);
  }
  if (!command.program) return;
  const program = join(root, command.program);
  if (!existsSync(program)) fail(1, `${command.program} does not exist in this checkout.`);
  // In this process, so that signals, the exit code and the terminal are the program's own.
  process.argv = [process.argv[0], program, ...(command.args || []), ...args];
  await import(pathToFileURL(program).href);
};

await main();
