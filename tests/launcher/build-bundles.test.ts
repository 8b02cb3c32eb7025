import { spawnSync } from 'node:child_process';
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';

const script = new URL('../../scripts/build-bundles.mjs', import.meta.url).href;

/** What a bundler is made to do here: it empties a folder and fills it, unless a source is broken. */
const fakeBundler = (source: string, folder: string) => `
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
if (readFileSync('${source}', 'utf8') === 'broken') throw new Error('it is broken');
rmSync('${folder}', { recursive: true, force: true });
mkdirSync('${folder}', { recursive: true });
writeFileSync('${folder}/built', process.env.NODE_ENV);`;

const BUNDLES = [
  {
    name: 'web page',
    bundler: 'node_modules/vite/bin/vite.js',
    source: 'services/web/src/main.tsx',
    folder: 'services/web/dist',
    others: [
      'services/web/index.html',
      'packages/formats/src/index.ts',
      'packages/shared/src/contracts/models.ts',
      'package-lock.json',
    ],
    unrelated: [
      'services/web/src/main.test.tsx',
      'services/web/node_modules/.vite/x.js',
      'packages/shared/src/other.ts',
    ],
  },
  {
    name: 'command line',
    bundler: 'services/cli/bundle.mjs',
    source: 'services/cli/src/main.ts',
    folder: 'services/cli/dist/bundle',
    others: ['packages/onnx/src/index.ts', 'package-lock.json'],
    unrelated: ['packages/onnx/src/index.test.ts', 'packages/onnx/dist/index.js', 'services/web/README'],
  },
];

const roots: string[] = [];
let root: string;

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), content);
}

/** Builds as every command does before it begins; gives what was said and what went wrong. */
function build(): { said: string; problem: string } {
  const code = `import { buildBundles } from ${JSON.stringify(script)};
    process.stdout.write(String(await buildBundles(${JSON.stringify(root)})));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' });
  return { said: stderr, problem: stdout };
}

const NOTHING_TO_DO = { said: '', problem: 'undefined' };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'caissa-build-bundles-'));
  roots.push(root);
  await write('package.json', '{"type": "module"}');
  for (const { bundler, source, folder, others } of BUNDLES) {
    await write(bundler, fakeBundler(source, folder));
    for (const path of [source, ...others]) await write(path, 'good');
  }
  expect(build()).toEqual({ said: 'Building the web page.\nBuilding the command line.\n', problem: 'undefined' });
});

afterAll(async () => {
  for (const one of roots) await rm(one, { recursive: true });
});

describe.each(BUNDLES)('the $name', ({ name, source, folder, others, unrelated }) => {
  it('is built again when a source of it or a dependency changed, and only then', async () => {
    for (const path of unrelated) await write(path, 'new');
    expect(build().said).not.toContain(name);
    for (const path of [source, ...others]) {
      await write(path, 'changed');
      expect(build().said).toContain(`Building the ${name}.\n`);
    }
    expect(build()).toEqual(NOTHING_TO_DO);
    await rm(join(root, folder), { recursive: true });
    expect(build()).toEqual({ said: `Building the ${name}.\n`, problem: 'undefined' });
  });

  it('says in a sentence that it does not build, and tries again the next time', async () => {
    await write(source, 'broken');
    for (let run = 0; run < 2; run++) {
      const { said, problem } = build();
      expect(said).toContain('it is broken');
      expect(problem).toBe(`The ${name} does not build; the lines above say why.`);
    }
    await write(source, 'mended');
    expect(build()).toEqual({ said: `Building the ${name}.\n`, problem: 'undefined' });
    await access(join(root, folder, 'built'));
  });
});
