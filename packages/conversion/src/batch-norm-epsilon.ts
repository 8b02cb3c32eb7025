import { BATCH_NORM_EPSILON, declaredEpsilon, type FoundArchitecture, type NetworkTensors } from '@caissa/chess';
import { PyDict, PyFloat } from '@caissa/pytorch';
import { declaredValues } from './declared-values.js';
import { epsilonOfModules } from './network-modules.js';
import type { FileContents } from './readers.js';

type Declared = Pick<FileContents, 'weights' | 'declared' | 'metadata' | 'epsilon'>;

/**
 * Returns a network with the epsilon of its batch norms, where the file says what it is: the modules themselves, or else
 * what is declared of them.
 * @throws FormatError ARCHITECTURE_MISMATCH if the modules have several, or compute something else
 */
export function withEpsilon(
  network: NetworkTensors,
  { weights, declared, metadata, epsilon: said = declaredEpsilon(declared, metadata) }: Declared,
): { readonly network: NetworkTensors; readonly warnings: readonly string[] } {
  const ofModules = epsilonOfModules(network, weights);
  const { epsilon, warnings } = ofModules === undefined ? said : { epsilon: ofModules, warnings: [] };
  if (epsilon === undefined) return { network, warnings };
  const architecture = { ...network.architecture, batchNormEpsilon: epsilon };
  return { network: { ...network, architecture }, warnings };
}

/**
 * Returns the entry `architecture` of a file such that it is read with a network's epsilon: with `bn_eps` before all else
 * where what the file declares would say another.
 * @param metadata the file's
 */
export function declareEpsilon(
  entry: PyDict,
  metadata: PyDict,
  { batchNormEpsilon = BATCH_NORM_EPSILON }: FoundArchitecture,
): PyDict {
  const { epsilon = BATCH_NORM_EPSILON } = declaredEpsilon(declaredValues(entry), declaredValues(metadata));
  if (epsilon === batchNormEpsilon) return entry;
  return new PyDict([['bn_eps', null], ...entry]).set('bn_eps', new PyFloat(batchNormEpsilon));
}
