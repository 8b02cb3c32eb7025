import { parser } from '@prometheus-io/lezer-promql';

/** What a query of Prometheus asks for. */
export interface Query {
  /** Names of the series that it reads. */
  readonly series: readonly string[];
  /** Names of the labels that it matches or groups by. */
  readonly labels: readonly string[];
}

/** Reads a query. @throws Error if it is not valid */
export function readQuery(text: string): Query {
  const series: string[] = [];
  const labels: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to, name, node }) => {
      const word = text.slice(from, to);
      if (type.isError) throw new Error(`${text} is not a query: there is a mistake at character ${from}`);
      if (name === 'LabelName') labels.push(word);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') series.push(word);
    },
  });
  return { series, labels };
}
