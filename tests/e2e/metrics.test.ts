import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { Client } from '../setup/client.js';
import { type ExposedMetric, readExposition } from '../setup/exposition.js';
import { type Query, readQuery } from '../setup/promql.js';
import { freePort, type System, startSystem, until } from '../setup/system.js';

// What the processes really show to Prometheus, against what is written about it.

const repository = join(import.meta.dirname, '../..');
const SERVICES = ['api', 'exporter', 'loader'] as const;

/** Labels that Prometheus adds, and the one of histograms. */
const OF_PROMETHEUS = ['job', 'instance', 'le'];

let system: System;
const exposed = new Map<string, ExposedMetric[]>();

beforeAll(async () => {
  system = await startSystem({
    redisUrl: inject('redisUrl'),
    exporters: 0,
    loaders: 0,
    prepare: ({ modelsDir }) =>
      copyFile(join(repository, 'tests/fixtures/torch-2.13/checkpoint.pt'), join(modelsDir, 'model_v1.pt')),
  });
  const addresses: Record<string, string> = { api: system.url };
  for (const service of ['exporter', 'loader'] as const) {
    const port = await freePort();
    await system.start(service, { HEALTH_PORT: String(port) });
    addresses[service] = `http://127.0.0.1:${port}`;
  }
  const client = new Client(system.url);
  await client.post('/api/model/export/onnx/model_v1?wait=60', {});
  await client.post('/api/model/load/model_v1?wait=60');
  const fen = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';
  await until('a position is evaluated', async () => {
    const { status } = await client.post('/api/model/evaluate', { fen });
    return status === 200;
  });
  for (const [service, address] of Object.entries(addresses)) {
    const text = await until(`${service} shows its metrics`, async () => {
      const response = await fetch(`${address}/metrics`).catch(() => undefined);
      return response?.ok && response.text();
    });
    exposed.set(service, readExposition(text));
  }
});
afterAll(() => system?.stop());

/** All metrics of all services, each once, with the labels of all of them together. */
function allExposed(): Map<string, ExposedMetric> {
  const all = new Map<string, ExposedMetric>();
  for (const metric of [...exposed.values()].flat()) {
    const before = all.get(metric.name)?.labels;
    const labels = before && metric.labels ? new Set([...before, ...metric.labels]) : (metric.labels ?? before);
    all.set(metric.name, { ...metric, labels });
  }
  return all;
}

/** A row of the table of metrics. */
interface Row {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly services: readonly string[];
  readonly help: string;
}

async function documented(): Promise<Row[]> {
  const page = await readFile(join(repository, 'docs/operations.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(caissa_\w+)` \| (\w+) \| (.*?) \| (.*?) \| (.*?) \|$/gm)];
  return rows.map(([, name = '', type = '', labels = '', services = '', help = '']) => ({
    name,
    type,
    labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label ?? ''),
    services: services.split(', '),
    help: help.replaceAll('`', ''),
  }));
}

/** The metric that a series belongs to. */
function metricOf(series: string): ExposedMetric | undefined {
  const all = allExposed();
  return all.get(series) ?? all.get(series.replace(/_(bucket|sum|count)$/, ''));
}

/** What is wrong with a query, given what is exposed. */
async function mistakesOf({ series, labels }: Query): Promise<string[]> {
  const rows = await documented();
  const known = series.flatMap((name) => {
    const metric = metricOf(name)?.name;
    return rows.find((row) => row.name === metric)?.labels ?? [...(metricOf(name)?.labels ?? [])];
  });
  return [
    ...series.filter((name) => metricOf(name) === undefined),
    ...labels.filter((label) => ![...known, ...OF_PROMETHEUS].includes(label)).map((label) => `label ${label}`),
  ];
}

describe('the table of metrics', () => {
  it('has all there are, and no others, as the processes themselves describe them', async () => {
    const services = (name: string) =>
      SERVICES.filter((one) => exposed.get(one)?.some((metric) => metric.name === name));
    const shown = [...allExposed().values()]
      .filter(({ name }) => name.startsWith('caissa_'))
      .map(({ name, type, help }) => ({ name, type, services: services(name), help: help.replaceAll('`', '') }));
    const told = (await documented()).map(({ labels: _, ...row }) => row);
    const byName = (rows: readonly { name: string }[]) => rows.toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(byName(told)).toEqual(byName(shown));
  });

  it('has the labels of all series', async () => {
    const all = allExposed();
    for (const { name, labels } of await documented()) {
      const shown = all.get(name)?.labels;
      if (shown !== undefined) expect([name, ...labels.toSorted()]).toEqual([name, ...[...shown].sort()]);
    }
  });

  it('is of metrics that are named as Prometheus wants it', () => {
    for (const { name, type } of allExposed().values()) {
      if (!name.startsWith('caissa_')) continue;
      expect(name).toMatch(/^caissa(_[a-z]+)+$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (/second|duration|age|wait_/.test(name)) expect(name).toMatch(/_seconds$/);
    }
  });
});

const panelSchema = z.object({
  id: z.int(),
  type: z.enum(['row', 'stat', 'timeseries']),
  title: z.string().min(1),
  gridPos: z.object({ x: z.int().min(0), y: z.int().min(0), w: z.int().max(24), h: z.int().min(1) }),
  datasource: z.object({ type: z.literal('prometheus'), uid: z.string().regex(/^\$\{datasource\}$/) }).optional(),
  targets: z.array(z.object({ refId: z.string(), expr: z.string(), legendFormat: z.string() })).optional(),
});

const dashboardSchema = z.object({
  title: z.string(),
  uid: z.string(),
  // Grafana 10 and later.
  schemaVersion: z.int().min(38),
  templating: z.object({ list: z.array(z.looseObject({ name: z.string(), type: z.string() })) }),
  panels: z.array(panelSchema),
});

describe('the dashboard of Grafana', () => {
  const read = async () =>
    dashboardSchema.parse(JSON.parse(await readFile(join(repository, 'deploy/grafana/caissa.json'), 'utf8')));

  it('is laid out without gaps or overlaps, and lets the data source be chosen', async () => {
    const { panels, templating } = await read();
    expect(templating.list).toContainEqual(
      expect.objectContaining({ name: 'datasource', type: 'datasource', query: 'prometheus' }),
    );
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => (y + Math.floor(index / w)) * 24 + x + (index % w)),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...cells)).toBe(cells.length - 1);
    for (const { type, targets } of panels) expect(targets === undefined).toBe(type === 'row');
  });

  it('asks for nothing that is not there, and for all metrics of Caissa', async () => {
    const { panels } = await read();
    const asked = new Set<string>();
    for (const { targets = [], title } of panels) {
      for (const { expr } of targets) {
        const query = readQuery(expr.replaceAll('$__rate_interval', '5m'));
        expect([title, await mistakesOf(query)]).toEqual([title, []]);
        for (const series of query.series) asked.add(metricOf(series)?.name ?? '');
      }
    }
    const ours = [...allExposed().keys()].filter((name) => name.startsWith('caissa_'));
    expect(ours.filter((name) => !asked.has(name))).toEqual([]);
  });
});

const alertsSchema = z.object({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Caissa[A-Za-z]+$/),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smh]$/)
            .optional(),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
          annotations: z.strictObject({ summary: z.string(), description: z.string().optional() }),
        }),
      ),
    }),
  ),
});

describe('the alerts', () => {
  const read = async () => {
    const text = await readFile(join(repository, 'deploy/prometheus/alerts.yaml'), 'utf8');
    return alertsSchema.parse(parse(text)).groups.flatMap(({ rules }) => rules);
  };

  it('ask for nothing that is not there', async () => {
    for (const { alert, expr } of await read()) {
      expect([alert, await mistakesOf(readQuery(expr))]).toEqual([alert, []]);
    }
  });

  it('are all explained to operators, and no others', async () => {
    const page = await readFile(join(repository, 'docs/operations.md'), 'utf8');
    const explained = [...page.matchAll(/^\| `(Caissa\w+)` \|/gm)].map(([, alert]) => alert);
    expect(explained).toEqual((await read()).map(({ alert }) => alert));
  });
});
