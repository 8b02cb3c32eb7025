import { FormatError } from '@caissa/bytes';
import {
  BATCH_NORM_EPSILON,
  declaredEpsilon,
  type FoundArchitecture,
  modulePath,
  type NetworkTensors,
} from '@caissa/chess';
import type { ChosenWeights } from './choose-weights.js';
import type { FileContents } from './readers.js';

/**
 * Returns a network with the epsilon of its batch norms, where the file says what it is: the modules themselves, or else
 * what is declared of them.
 * @throws FormatError ARCHITECTURE_MISMATCH if the modules have several
 */
export function withEpsilon(
  { network, set }: Pick<ChosenWeights, 'network' | 'set'>,
  { declared, metadata }: Pick<FileContents, 'declared' | 'metadata'>,
): { readonly network: NetworkTensors; readonly warnings: readonly string[] } {
  const ofModules = [...(set.epsilons ?? [])].filter(([path]) => modulePath(path, network.prefix) !== undefined);
  const [epsilon, other] = new Set(ofModules.map(([, value]) => value));
  if (epsilon !== undefined && other !== undefined) {
    throw new FormatError(
      'ARCHITECTURE_MISMATCH',
      `The batch norms of the network have the epsilons ${epsilon} and ${other}, and one for all is expected.`,
    );
  }
  const found = epsilon === undefined ? declaredEpsilon(declared, metadata) : { epsilon, warnings: [] };
  if (found.epsilon === undefined) return { network, warnings: found.warnings };
  const architecture = { ...network.architecture, batchNormEpsilon: found.epsilon };
  return { network: { ...network, architecture }, warnings: found.warnings };
}

/** Returns the epsilon of a network if a file that declares no more than this would be read with another. */
export function undeclaredEpsilon(
  { batchNormEpsilon = BATCH_NORM_EPSILON }: FoundArchitecture,
  { declared, metadata }: Pick<FileContents, 'declared' | 'metadata'>,
): number | undefined {
  const { epsilon = BATCH_NORM_EPSILON } = declaredEpsilon(declared, metadata);
  return epsilon === batchNormEpsilon ? undefined : batchNormEpsilon;
}
