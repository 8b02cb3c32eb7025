import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { PRODUCER } from './producer.js';

it('the producer of a model has the version of this package', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  expect(PRODUCER.version).toBe(version);
});
