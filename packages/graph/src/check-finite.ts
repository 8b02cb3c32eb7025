import type { Graph } from './graph.js';
import { readWeight, readWeightChunks, refuseNegativeVariance } from './weights.js';

/**
 * Reads every weight once and refuses numbers that are not finite (as float32) and negative variances.
 * @param onRead called after each piece with its bytes
 * @throws FormatError NON_FINITE_WEIGHTS with the weight's name
 */
export async function checkFinite(graph: Graph, signal?: AbortSignal, onRead?: (bytes: number) => void): Promise<void> {
  const variances = variancesOf(graph);
  for (const [name, weight] of graph.weights) {
    for await (const chunk of readWeightChunks(name, weight)) {
      signal?.throwIfAborted();
      const eps = variances.get(name);
      if (eps !== undefined) refuseNegativeVariance(name, chunk, eps);
      onRead?.(chunk.byteLength);
    }
  }
}

/**
 * Refuses negative variances only: for an export that looks for NaN with `findNonFinite` while it copies.
 * @throws FormatError NON_FINITE_WEIGHTS with the weight's name
 */
export async function checkVariances(graph: Graph): Promise<void> {
  for (const [name, eps] of variancesOf(graph)) {
    const weight = graph.weights.get(name);
    if (weight) refuseNegativeVariance(name, await readWeight(name, weight), eps);
  }
}

/** The weights that are running variances, with what is added to them. */
function variancesOf({ nodes }: Graph): ReadonlyMap<string, number> {
  return new Map(
    nodes.flatMap((node) => (node.operator === 'batch_norm' ? [[node.inputs[4], node.attributes.eps] as const] : [])),
  );
}
