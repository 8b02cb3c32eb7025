// A client in TypeScript whose types openapi-typescript makes of the document of a running system. It has packages of its
// own, with the TypeScript that the generator needs, kept between runs.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './child.mjs';

const SOURCE = fileURLToPath(new URL('typed-client/', import.meta.url));
/** Written last: a folder without it was interrupted while its packages were installed. */
const COMPLETE = 'complete';

/** A folder with the packages of the client, installed if they are not there yet. @throws Error with a sentence */
export const provideTypedClient = async (cache, say) => {
  const lock = await readFile(join(SOURCE, 'package-lock.json'), 'utf8');
  const folder = join(cache, `typed-client-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`);
  if (!existsSync(join(folder, COMPLETE))) {
    say(`Installing packages into ${folder}, once.`);
    await mkdir(folder, { recursive: true });
    for (const name of ['package.json', 'package-lock.json']) await cp(join(SOURCE, name), join(folder, name));
    const problem = await run('npm', ['ci', '--silent'], { env: process.env, cwd: folder });
    if (problem !== undefined) throw new Error(`The packages of the typed client cannot be installed: ${problem}.`);
    await writeFile(join(folder, COMPLETE), '');
  }
  return folder;
};

/** What came of making the types of a system's document, of compiling the client against them, and of running it. */
export const runTypedClient = async (folder, url, model) => {
  const installed = (path) => join(folder, 'node_modules', path);
  for (const name of ['client.ts', 'tsconfig.json']) await cp(join(SOURCE, name), join(folder, name));
  const steps = {
    'openapi-typescript makes types': [
      installed('openapi-typescript/bin/cli.js'),
      `${url}/api/openapi.json`,
      '-o',
      'api.d.ts',
    ],
    'a client compiles against them': [installed('typescript/bin/tsc'), '-p', 'tsconfig.json'],
    'openapi-fetch exports a model': ['client.js', url, model],
  };
  const results = [];
  for (const [name, args] of Object.entries(steps)) {
    const lines = [];
    const onLine = (line) => lines.push(line);
    const problem = await run(process.execPath, args, { env: process.env, cwd: folder, onLine });
    const [status, detail] = problem === undefined ? ['passed', ''] : ['failed', [problem, ...lines].join('\n')];
    results.push({ case: name, status, detail });
    if (status === 'failed') break;
  }
  return results;
};
