import { formatPercent } from '../format/number';
import { formatValue } from './compare-evaluations';
import type { AskedPanel, Evaluations } from './use-evaluations';

/** What a screen reader says when the models have answered about the position that is shown. */
export function announce(evaluations: Evaluations, fen: string): string {
  return [evaluations.active, evaluations.compared]
    .flatMap((panel) => (panel && panel.query.data?.fen === fen ? [sentence(panel)] : []))
    .join(' ');
}

function sentence({ name, query, moves }: AskedPanel): string {
  const value = query.data === undefined ? '' : formatValue(query.data.value);
  const [best] = moves;
  const move = best === undefined ? 'no move' : `best move ${best.san}, ${formatPercent(best.probability)}`;
  return `${name}: value ${value}, ${move}.`;
}
