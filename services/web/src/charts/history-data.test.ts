import { type JsonObject, type ModelVersion, UNKNOWN } from '@caissa/formats';
import type { ModelSummary } from '@caissa/shared/contracts';
import { describe, expect, it } from 'vitest';
import { comparisonOf, historyOf, MOST_RUNS, summarize, valuesAt } from './history-data';
import { runsOf } from './runs';

function model(name: string, version: ModelVersion, metadata: JsonObject, day?: number): ModelSummary {
  const rest = { file_size_mb: 1, is_current: false, size_bytes: 1, architecture: null, deployable: true };
  const trained = day === undefined ? UNKNOWN : `2026-09-${String(day).padStart(2, '0')}T06:30:00`;
  return {
    name,
    filename: `${name}.pt`,
    version,
    metadata,
    training_date: trained,
    status: 'ready',
    warnings_count: 0,
    ...rest,
  };
}

/** The only run of some models. */
function onlyRun(models: readonly ModelSummary[]) {
  const [run, ...others] = runsOf(models);
  if (run === undefined || others.length > 0) throw new Error('There is not one run');
  return run;
}

const loss = (value: number) => ({ training_loss: value });
const namesOf = (models: readonly ModelSummary[]) =>
  runsOf(models).map(({ label, models: own }) => [label, own.map(({ name }) => name)]);

describe('training runs', () => {
  it('are told by their session, whatever their models are called, the newest first', () => {
    const models = [
      model('a_v2', 2, { training_session_id: 'one' }, 2),
      model('a_v1', 1, { training_session_id: 'one' }, 1),
      model('final', 3, { training_session_id: 'one' }, 3),
      model('b_v1', 1, { training_session_id: 'two' }, 20),
    ];
    expect(namesOf(models)).toEqual([
      ['b', ['b_v1']],
      ['a', ['a_v1', 'a_v2', 'final']],
    ]);
  });

  it('are told by the names but for their numbers where there is no session', () => {
    const names = ['run1_v1', 'run1_v12', 'run2_v1', 'net-000100', 'net-000200', 'alone', '7'];
    const models = names.map((name, at) => model(name, at, { training_session_id: at % 2 === 0 ? null : '' }));
    expect(namesOf(models).sort()).toEqual([
      ['7', ['7']],
      ['alone', ['alone']],
      ['net', ['net-000100', 'net-000200']],
      ['run1', ['run1_v1', 'run1_v12']],
      ['run2', ['run2_v1']],
    ]);
  });

  it('of the same names are told apart by their sessions', () => {
    const models = ['6d5b6f0e-5f0c', 'a10-4c1f'].map((id, at) =>
      model(`model_v${at}`, at, { training_session_id: id }, at + 1),
    );
    expect(runsOf(models).map(({ label }) => label)).toEqual(['model (a10-4c1f)', 'model (6d5b6f0e)']);
  });

  it('are numbered from the oldest where nothing that is shown tells them apart', () => {
    const models = ['run 12 of May', 'run 12 of June', 'other run'].map((id, at) =>
      model(`model_v${at}`, at, { training_session_id: id }, at + 1),
    );
    expect(runsOf(models).map(({ label }) => label)).toEqual([
      'model (other ru)',
      'model (run 12 o) #2',
      'model (run 12 o) #1',
    ]);
    const alike = [model('run1_v3', 3, {}, 2), model('run1-3', 3, {}, 1)];
    expect(runsOf(alike).map(({ label }) => label)).toEqual(['run1 #2', 'run1 #1']);
  });

  it('have no models without a number for a version', () => {
    expect(runsOf([model('stray', UNKNOWN, loss(1)), model('best', 'best', loss(1))])).toEqual([]);
  });
});

describe('the history of a run', () => {
  it('is in the order of versions, leaves out models without the measure and lines without a value', () => {
    const run = onlyRun([
      model('m_v10', 10, loss(1)),
      model('m_v2', 2, { value_loss: 0.5, win_rate: 0.25 }),
      model('m_v5', 5, { note: 'x' }),
    ]);
    const { lines, points } = historyOf(run, 'loss');
    expect(lines.map(({ label }) => label)).toEqual(['Training loss', 'Value loss']);
    expect(points).toEqual([
      { name: 'm_v2', version: 2, x: 2, values: [null, 0.5] },
      { name: 'm_v10', version: 10, x: 10, values: [1, null] },
    ]);
    expect(historyOf(run, 'winRate').points.map(({ name }) => name)).toEqual(['m_v2']);
  });

  it('has a place of its own for each of several models of one version', () => {
    const models = ['a', 'b', 'c'].map((name, at) => model(name, 1, { ...loss(at), training_session_id: 's' }, at + 1));
    const { points } = historyOf(
      onlyRun([...models, model('d', 2, { ...loss(3), training_session_id: 's' }, 9)]),
      'loss',
    );
    expect(points.map(({ x }) => x)).toEqual([1, 1 + 1 / 3, 1 + 2 / 3, 2]);
  });

  it('takes finite numbers only, as metadata may hold anything', () => {
    const odd = [null, '0.5', true, [1], {}, Number.NaN, Number.POSITIVE_INFINITY];
    const models = odd.map((value, at) => model(`m${at}`, at, { training_loss: value as JsonObject[string] }));
    expect(historyOf(onlyRun(models), 'loss')).toEqual({ lines: [], points: [] });
  });

  it('is said in words', () => {
    const models = [0.25, 0.75, 0.5].map((rate, at) => model(`m_v${at + 1}`, at + 1, { win_rate: rate }));
    expect(summarize(historyOf(onlyRun(models), 'winRate'), 'winRate')).toBe(
      'Win rate of 3 models. Win rate from 25.0 % at version 1 to 50.0 % at version 3.',
    );
  });
});

describe('runs side by side', () => {
  it('have a line each, and each model is on the line of its run', () => {
    const models = [1, 2].flatMap((version) =>
      ['old', 'new'].map((run, at) => model(`${run}_v${version}`, version, loss(10 * at + version), at * 10 + version)),
    );
    const { lines, points } = comparisonOf(runsOf(models), 'loss');
    expect(lines.map(({ label }) => label)).toEqual(['new', 'old']);
    expect(points.map(({ name, x, values }) => [name, x, ...values])).toEqual([
      ['new_v1', 1, 11, null],
      ['old_v1', 1, null, 1],
      ['new_v2', 2, 12, null],
      ['old_v2', 2, null, 2],
    ]);
    const history = comparisonOf(runsOf(models), 'loss');
    expect(points.map((point) => valuesAt(history, point))).toEqual([
      [11, 1],
      [11, 1],
      [12, 2],
      [12, 2],
    ]);
  });

  it('are no more than there are colours', () => {
    const models = Array.from({ length: 9 }, (_, at) => model(`run${at}x_v1`, 1, loss(at), at + 1));
    const named = models.map((one, at) => ({ ...one, metadata: { ...one.metadata, training_session_id: `s${at}` } }));
    expect(comparisonOf(runsOf(named), 'loss').lines).toHaveLength(MOST_RUNS);
  });
});
