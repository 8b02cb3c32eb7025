import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, missingDocker, TAG } from './docker.js';

/**
 * Builds the images of all services once for the run, with what this machine's npm uses to reach its registry.
 * CAISSA_BUILD_NETWORK names the network for it, `host` where only the machine itself gets out.
 */
export async function setup(): Promise<void> {
  const missing = missingDocker();
  if (missing) {
    console.warn(`The container tests are skipped: ${missing}.`);
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'caissa-build-'));
  try {
    const npmrc = join(folder, 'npmrc');
    await copyFile(process.env['NPM_CONFIG_USERCONFIG'] ?? join(homedir(), '.npmrc'), npmrc).catch(() =>
      writeFile(npmrc, ''),
    );
    const network = process.env['CAISSA_BUILD_NETWORK'];
    const build = { secrets: ['npmrc'], ...(network ? { network } : {}) };
    const override = join(folder, 'build.json');
    await writeFile(
      override,
      JSON.stringify({
        services: { api: { build }, exporter: { build }, loader: { build } },
        secrets: { npmrc: { file: npmrc } },
      }),
    );
    const begun = performance.now();
    await docker(['compose', '-f', 'docker-compose.yml', '-f', override, 'build', '--quiet'], { CAISSA_TAG: TAG });
    console.log(`Built the images in ${Math.round((performance.now() - begun) / 1000)} s.`);
  } finally {
    await rm(folder, { recursive: true });
  }
}
