import { spawnSync } from 'node:child_process';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';

const script = new URL('../../scripts/build-page.mjs', import.meta.url).href;

/** Stands for Vite: empties its folder and writes a page, unless the sources are broken. */
const FAKE_VITE = `import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
const [, , command, root] = process.argv;
if (readFileSync(root + '/index.html', 'utf8') === 'broken') throw new Error('it is broken');
rmSync(root + '/dist', { recursive: true, force: true });
mkdirSync(root + '/dist');
writeFileSync(root + '/dist/index.html', command + ' ' + process.env.NODE_ENV);`;

const roots: string[] = [];
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'caissa-build-page-'));
  roots.push(root);
  await write('package.json', '{"type": "module"}');
  await write('package-lock.json', '{}');
  await write('packages/shared/src/contracts/models.ts', '');
  await write('services/web/index.html', 'good');
  await write('services/web/src/main.tsx', '');
  await write('node_modules/vite/bin/vite.js', FAKE_VITE);
});

afterAll(async () => {
  for (const one of roots) await rm(one, { recursive: true });
});

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

/** Builds as every command does before it begins; gives what was said and what went wrong. */
function build(): { said: string; problem: string } {
  const code = `import { buildPage } from ${JSON.stringify(script)};
    process.stdout.write(String(await buildPage(${JSON.stringify(root)})));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  return { said: stderr, problem: stdout };
}

const BUILT = { said: 'Building the web page.\n', problem: 'undefined' };
const NOTHING_TO_DO = { said: '', problem: 'undefined' };

it('builds the page once, and again when a source, the contract or a dependency changed', async () => {
  expect(build()).toEqual(BUILT);
  expect(build()).toEqual(NOTHING_TO_DO);
  for (const path of ['services/web/src/main.tsx', 'packages/shared/src/contracts/models.ts', 'package-lock.json']) {
    await write(path, 'changed');
    expect(build()).toEqual(BUILT);
    expect(build()).toEqual(NOTHING_TO_DO);
  }
  await rm(join(root, 'services/web/src/main.tsx'));
  expect(build()).toEqual(BUILT);
});

it('builds nothing for what is not part of the page', async () => {
  expect(build()).toEqual(BUILT);
  await write('services/web/src/main.tsx', '');
  await write('services/web/src/main.test.tsx', 'new');
  await write('services/web/node_modules/.vite/x.js', 'new');
  expect(build()).toEqual(NOTHING_TO_DO);
  await rm(join(root, 'services/web/dist'), { recursive: true });
  expect(build()).toEqual(BUILT);
});

it('says in a sentence that the page does not build, and tries again the next time', async () => {
  await write('services/web/index.html', 'broken');
  const first = build();
  expect(first.said).toContain('it is broken');
  expect(first.problem).toBe('The web page does not build; the lines above say why.');
  await expect(access(join(root, 'services/web/dist'))).rejects.toThrow();
  await write('services/web/index.html', 'good');
  expect(build()).toEqual(BUILT);
});
