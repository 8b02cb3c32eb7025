import { FormatError, quoteName } from '@caissa/bytes';
import { isEpsilon, type NetworkTensors } from '@caissa/chess';
import type { Tensor } from '@caissa/tensor';
import type { WeightSet } from './readers.js';

/**
 * Returns the epsilon of a network's batch norms where modules hold their very tensors, be it elsewhere in the file;
 * undefined where none does.
 * @throws FormatError ARCHITECTURE_MISMATCH if the modules compute something else than the network of the family does
 */
export function epsilonOfModules({ tensors }: NetworkTensors, sets: readonly WeightSet[]): number | undefined {
  const own = new Set([...tensors.values()].map(viewOf));
  const epsilons = new Set<number>();
  for (const set of sets) {
    const isOwn = (name: string): boolean => {
      const tensor = set.tensors.get(name);
      return tensor !== undefined && own.has(viewOf(tensor));
    };
    for (const [name, says] of set.deviations ?? []) {
      if (isOwn(name)) throw mismatch(`${quoteName(name)} ${says}, so the file holds a network of another kind.`);
    }
    for (const [name, epsilon] of set.epsilons ?? []) if (isOwn(name)) epsilons.add(epsilon);
  }
  const [epsilon, other] = epsilons;
  if (epsilon !== undefined && other !== undefined) {
    throw mismatch(
      `The batch norms of the network have the epsilons ${epsilon} and ${other}, and one for all is expected.`,
    );
  }
  if (epsilon !== undefined && !isEpsilon(epsilon)) {
    throw mismatch(`The batch norms of the network have the epsilon ${epsilon}, and one between 0 and 1 is expected.`);
  }
  return epsilon;
}

/** Text that two tensors share if they are the same view of the same storage. */
export function viewOf({ storage, dtype, offset, shape, stride }: Tensor): string {
  return [storage.key, dtype, offset, shape, stride].join('|');
}

function mismatch(message: string): FormatError {
  return new FormatError('ARCHITECTURE_MISMATCH', message);
}
