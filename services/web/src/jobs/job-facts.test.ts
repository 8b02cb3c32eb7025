import type { JobView } from '@caissa/shared/contracts';
import { describe, expect, it } from 'vitest';
import { canHelpToRetry, exportedFile, outcomeWords, problemRows, resultRows } from './job-facts';

const JOB: JobView = {
  success: true,
  job_id: 'export-1',
  type: 'export',
  status: 'completed',
  progress: { percent: 100, stage: 'done' },
  model_name: 'model_v1',
  attempts: 1,
  created_at: '2025-10-07T03:11:38Z',
  cancel_requested: false,
  links: { self: '/api/jobs/export-1', events: '/api/jobs/export-1/events' },
};

const common = { success: true, message: 'It is done', model_name: 'model_v1', job_id: 'export-1' } as const;

describe('what is told of a job', () => {
  it('that is not over is nothing', () => {
    const job: JobView = { ...JOB, status: 'active' };
    expect(outcomeWords(job)).toBeUndefined();
    expect([...resultRows(job), ...problemRows(job)]).toEqual([]);
  });

  it('that was cancelled is that somebody asked for it', () => {
    expect(outcomeWords({ ...JOB, status: 'cancelled' })).toBe('Stopped on request');
  });

  it('that exported is its file', () => {
    const result = {
      ...common,
      format: 'onnx',
      filename: 'm.onnx',
      file_size_mb: 2,
      size_bytes: 2 * 1024 ** 2,
      metadata: {},
      warnings: [] as string[],
      sha256: 'ab',
      metadata_filename: 'm.json',
      download_url: '/api/model/download/m.onnx',
    } as const;
    const job = { ...JOB, result };
    expect(exportedFile(job)?.filename).toBe('m.onnx');
    expect(resultRows(job).map(([name]) => name)).toEqual(['File', 'Metadata file', 'Size', 'SHA-256']);
  });

  it('that activated is the generation and who serves it', () => {
    const activation = { ...common, generation: 3, replicas: { ready: 1, total: 2 } };
    const loaded = { ...JOB, result: { ...activation, device: 'CPU', load_date: '2025-10-07', metadata: {} } };
    expect(outcomeWords(loaded)).toBe('It is done');
    expect(exportedFile(loaded)).toBeUndefined();
    expect(resultRows(loaded)).toContainEqual(['Replicas', '1 of 2 replicas ready']);
    expect(resultRows(loaded).at(-1)?.[0]).toBe('Active since');
    const unloaded = { ...JOB, result: { ...activation, unload_date: '2025-10-07' } };
    expect(resultRows(unloaded).at(-1)?.[0]).toBe('Unloaded');
  });

  it('that inspected is what it found', () => {
    expect(resultRows({ ...JOB, result: { ...common, status: 'ready' } })).toEqual([['Outcome', 'It is done']]);
  });

  it('that failed is what names the problem', () => {
    const problem = {
      success: false,
      type: '',
      title: 'Not there',
      status: 404,
      detail: 'It is not there.',
      code: 'X',
    } as const;
    const rows = [
      ['Problem', 'Not there'],
      ['Code', 'X'],
    ];
    expect(problemRows({ ...JOB, error: problem })).toEqual(rows);
    expect(problemRows({ ...JOB, error: { ...problem, request_id: 'r1' } })).toEqual([...rows, ['Request', 'r1']]);
  });
});

describe('a retry', () => {
  const problem = { success: false, type: '', title: '', status: 422, detail: '', code: 'X' } as const;
  const failed: JobView = { ...JOB, status: 'failed', retryable: true };
  const ready = { status: 'ready' } as const;
  const unreadable = { status: 'unreadable' } as const;

  it.each([
    ['of an export', failed, ready, true],
    ['of an export whose model is looked into', failed, { status: 'inspecting' }, true],
    ['of an export whose model cannot be read', failed, unreadable, false],
    ['of an export whose model is gone', failed, undefined, false],
    ['of a load', { ...failed, type: 'load' }, ready, true],
    ['of a load that would be refused', { ...failed, type: 'load' }, { ...ready, deploy_problem: problem }, false],
    ['of an export of the same model', failed, { ...ready, deploy_problem: problem }, true],
    ['of a rollback, whose file may be gone', { ...failed, type: 'load', kind: 'rollback' }, undefined, true],
    ['of an inspection', { ...failed, type: 'inspect' }, unreadable, true],
    ['of an inspection of a file that is gone', { ...failed, type: 'inspect' }, undefined, false],
    ['of the check of an upload', { ...failed, type: 'inspect', retryable: false }, ready, false],
  ] as const)('%s: %s', (_, job, model, helps) => {
    expect(canHelpToRetry(job, model)).toBe(helps);
  });
});
