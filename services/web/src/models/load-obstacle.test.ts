import { expect, it } from 'vitest';
import { loadObstacle } from './load-obstacle';

const problem = {
  success: false as const,
  type: 'about:blank',
  title: 'The file is cut short',
  status: 422,
  detail: 'The file is cut short.',
  code: 'ZIP_TRUNCATED',
};

it('only what is known to be refused cannot be loaded, and says why', () => {
  expect(loadObstacle({ status: 'ready' })).toBeUndefined();
  expect(loadObstacle({ status: 'inspecting' })).toBeUndefined();
  expect(loadObstacle({ status: 'ready', deploy_problem: problem })).toBe('The file is cut short.');
  expect(loadObstacle({ status: 'unreadable', problem })).toBe('The file is cut short.');
  expect(loadObstacle({ status: 'unreadable' })).toBe('It cannot be read.');
});
