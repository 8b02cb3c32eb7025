import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { REPOSITORY } from './docker.js';

/** What docker-compose.yml makes of a variable that is not set, where that is a default to choose otherwise. */
function defaultsIn(compose: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', fallback = ''] of compose.matchAll(/\$\{([A-Z_]+)(?::-([^${}]*))?/g)) {
    if (!found.get(name)) found.set(name, fallback);
  }
  return found;
}

it('.env.example lists what docker-compose.yml reads, and tells its defaults', async () => {
  const defaults = defaultsIn(await readFile(join(REPOSITORY, 'docker-compose.yml'), 'utf8'));
  const example = await readFile(join(REPOSITORY, '.env.example'), 'utf8');
  const listed = new Map(
    [...example.matchAll(/^#([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  expect([...listed.keys()].sort()).toEqual([...defaults.keys()].sort());
  // The three that belong together are shown as somebody sets them.
  const shownOtherwise = new Set(['PUBLISH_HOST', 'API_KEYS_FILE', 'ALLOW_ANONYMOUS']);
  for (const [name, value] of listed)
    if (!shownOtherwise.has(name)) expect([name, value]).toEqual([name, defaults.get(name)]);
});
