import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { summaryLine } from './summary-reporter.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** Runs vitest with the reporter on test files of a folder of its own; gives the exit code and the last line. */
async function runSuite(files: Record<string, string>): Promise<{ code: unknown; lastLine: string | undefined }> {
  // Inside the repository, so that `vitest` can be imported.
  const folder = await mkdtemp(join(repository, 'node_modules', '.caissa-reporter-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const config = `import { SummaryReporter } from ${JSON.stringify(join(repository, 'tests/setup/summary-reporter.ts'))};
      export default { test: { reporters: ['default', new SummaryReporter()], include: ['*.test.js'] } };`;
    await writeFile(join(folder, 'vitest.config.mjs'), config);
    const vitest = join(repository, 'node_modules', 'vitest', 'vitest.mjs');
    return await new Promise((resolve) => {
      execFile(process.execPath, [vitest, 'run', '--root', folder], (error, stdout) => {
        resolve({ code: error?.code ?? 0, lastLine: stdout.split('\n').at(-2) });
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const test = (name: string, body: string) => `it('${name}', () => { ${body} });\n`;
const head = `import { beforeAll, describe, expect, it } from 'vitest';\n`;

describe('the summary', () => {
  it('names skipped tests only when there are any', () => {
    expect(summaryLine({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
    expect(summaryLine({ passed: 3, failed: 1, skipped: 2 })).toBe('3 passed, 1 failed, 2 skipped');
  });

  it('is the last line of a run that passes', async () => {
    const files = { 'a.test.js': head + test('one', '') + test('two', ''), 'b.test.js': head + test('three', '') };
    expect(await runSuite(files)).toEqual({ code: 0, lastLine: '3 passed, 0 failed' });
  });

  it('counts failed tests, skipped tests and files that cannot be imported', async () => {
    const files = {
      'a.test.js': `${head}${test('one', '')}${test('two', 'expect(1).toBe(2)')}it.skip('three', () => {});`,
      'broken.test.js': `import './nothing.js';\n`,
      'syntax.test.js': `${head}it('never closed', () => {`,
    };
    expect(await runSuite(files)).toEqual({ code: 1, lastLine: '1 passed, 3 failed, 1 skipped' });
  });

  it('counts a suite whose hook throws and an error that nobody caught', async () => {
    const files = {
      'hook.test.js': `${head}describe('s', () => { beforeAll(() => { throw new Error('no'); }); ${test('one', '')} });`,
      'late.test.js': `${head}${test('two', "Promise.reject(new Error('late'))")}`,
    };
    expect(await runSuite(files)).toEqual({ code: 1, lastLine: '1 passed, 2 failed, 1 skipped' });
  });

  it('calls a run without tests failed', async () => {
    expect(await runSuite({})).toMatchObject({ code: 1 });
  });
});
