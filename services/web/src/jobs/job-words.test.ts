import { expect, it } from 'vitest';
import { describeJob, formatElapsed, statusTone, statusWords, workedMs } from './job-words';

it.each([
  [{ type: 'export', format: 'onnx' }, 'Export to ONNX'],
  [{ type: 'export', format: 'pytorch' }, 'Export to PyTorch'],
  [{ type: 'export' }, 'Export'],
  [{ type: 'inspect' }, 'Inspect'],
  [{ type: 'load' }, 'Activate'],
  [{ type: 'load', kind: 'load' }, 'Activate'],
  [{ type: 'load', kind: 'rollback' }, 'Roll back'],
  [{ type: 'load', kind: 'unload' }, 'Unload'],
] as const)('%j', (job, words) => {
  expect(describeJob(job)).toBe(words);
});

it('a queued job of a paused queue is shown as paused', () => {
  expect([statusWords({ status: 'queued' }), statusTone({ status: 'queued' })]).toEqual(['Queued', 'neutral']);
  const paused = { status: 'queued', queue_paused: true } as const;
  expect([statusWords(paused), statusTone(paused)]).toEqual(['Paused', 'warn']);
});

it('counts the time at work from the start to the end, or to now', () => {
  const common = {
    success: true,
    job_id: 'export-1',
    type: 'export',
    model_name: 'm',
    attempts: 1,
    created_at: '2025-10-07T03:11:00Z',
    cancel_requested: false,
    progress: { percent: 0, stage: 'queued' },
    links: { self: '', events: '' },
  } as const;
  const started_at = '2025-10-07T03:11:38.000Z';
  const now = Date.parse('2025-10-07T03:11:40Z');
  expect(workedMs({ ...common, status: 'queued' }, now)).toBeUndefined();
  expect(workedMs({ ...common, status: 'active', started_at }, now)).toBe(2_000);
  // The clock of the server is ahead of ours.
  expect(workedMs({ ...common, status: 'active', started_at }, now - 10_000)).toBe(0);
  const finished_at = '2025-10-07T03:11:39.500Z';
  expect(workedMs({ ...common, status: 'completed', started_at, finished_at }, now)).toBe(1_500);
});

it.each([
  [0, '0 s'],
  [1_999, '1 s'],
  [59_999, '59 s'],
  [60_000, '1 min 00 s'],
])('%i ms that go on', (durationMs, words) => {
  expect(formatElapsed(durationMs)).toBe(words);
});
