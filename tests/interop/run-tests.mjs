// Runs tests of the project and tells what became of each.

import { fileURLToPath } from 'node:url';
import { run } from './child.mjs';

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Answers one result, `{case, status, detail}`, for each test of these files, and a sentence if they did not end well. */
export const runTests = async (files, env) => {
  let report = { testResults: [] };
  const onLine = (line) => {
    if (line.startsWith('{')) report = JSON.parse(line);
  };
  const args = ['vitest', 'run', ...files, '--reporter=json'];
  const problem = await run('npx', args, { env: { ...process.env, ...env }, cwd: REPOSITORY, onLine });
  const results = report.testResults.flatMap(({ name, message, assertionResults }) =>
    // A file that could not even be loaded has no tests.
    assertionResults.length === 0
      ? [{ case: name, status: 'failed', detail: message }]
      : assertionResults.map(({ fullName, status, failureMessages }) => ({
          case: fullName,
          status: status === 'passed' ? 'passed' : 'failed',
          detail: failureMessages.join(),
        })),
  );
  return { problem, results };
};
