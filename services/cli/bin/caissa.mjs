#!/usr/bin/env node
// The command as npm links it. It lies in the repository, because npm links it before anything is compiled.

import { existsSync } from 'node:fs';
import module from 'node:module';

const program = new URL('../dist/bundle/caissa.js', import.meta.url);

if (existsSync(program)) {
  // From Node.js 22.8 on: the second start need not compile anything.
  module.enableCompileCache?.();
  await import(program.href);
} else {
  process.stderr.write('caissa: This checkout has not been built yet: run `npm run build` in it.\n');
  process.exitCode = 3;
}
