/** A metric, as a process shows it to Prometheus. */
export interface ExposedMetric {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  /** Names of the labels that its series have, without `le`; nothing if it has no series yet. */
  readonly labels: ReadonlySet<string> | undefined;
}

/**
 * Reads the text that a process sends to a scrape.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function readExposition(text: string): ExposedMetric[] {
  const types = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]));
  return [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => ({
    name,
    help,
    type: types.get(name) ?? '',
    labels: labelsOf(name, text),
  }));
}

function labelsOf(name: string, text: string): Set<string> | undefined {
  const series = [...text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{(.*)\\})? \\S+$`, 'gm'))];
  if (series.length === 0) return undefined;
  const names = series.flatMap(([, labels = '']) =>
    [...labels.matchAll(/([a-z_]+)="/g)].map(([, label]) => label ?? ''),
  );
  return new Set(names.filter((label) => label !== 'le'));
}
