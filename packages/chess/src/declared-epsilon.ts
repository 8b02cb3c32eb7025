import { quoteName } from '@caissa/bytes';

/** Names of the epsilon of batch norms, without underscores. */
const EPSILON_NAMES: ReadonlySet<string> = new Set([
  'bneps',
  'bnepsilon',
  'batchnormeps',
  'batchnormepsilon',
  'normeps',
  'normepsilon',
]);

/** The same in what speaks of norms. */
const SHORT_NAMES: ReadonlySet<string> = new Set(['eps', 'epsilon']);

/** What has an epsilon of its own, which is no batch norm's. */
const OTHER_OWNER = /optim|adam|sgd|rmsprop|scheduler|explor|greedy|layernorm|loss/;

const NORM_OWNER = /norm|bn/;

/** Nobody nests a declaration deeper. */
const MAX_DEPTH = 4;

/** So many are looked at. */
const MAX_DECLARATIONS = 16;

/** The epsilon that a checkpoint says its batch norms have. */
export interface DeclaredEpsilon {
  /** Undefined if it says nothing that can be. */
  readonly epsilon: number | undefined;
  /** Sentences on what was not taken. */
  readonly warnings: readonly string[];
}

interface Declaration {
  readonly key: string;
  readonly value: unknown;
}

/**
 * Finds the epsilon that a checkpoint declares for its batch norms, nested or not: as `bn_eps` and the like, and in what
 * it says of its architecture also as `eps`. The first that can be one counts.
 * @param architecture what the checkpoint says of its architecture, as JSON
 * @param metadata what it says beside that
 */
export function declaredEpsilon(architecture: unknown, metadata?: unknown): DeclaredEpsilon {
  const warnings: string[] = [];
  let taken: { key: string; epsilon: number } | undefined;
  for (const { key, value } of [...search(architecture, true), ...search(metadata, false)].slice(0, MAX_DECLARATIONS)) {
    const epsilon = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof epsilon !== 'number' || !(epsilon > 0 && epsilon < 1)) {
      warnings.push(
        `The checkpoint declares ${quoteName(key)} ${textOf(value)}, which no batch norm adds; it was ignored.`,
      );
    } else if (taken !== undefined && epsilon !== taken.epsilon) {
      warnings.push(
        `The checkpoint declares ${quoteName(key)} ${epsilon} and ${quoteName(taken.key)} ${taken.epsilon}; the latter was used.`,
      );
    } else taken ??= { key, epsilon };
  }
  return { epsilon: taken?.epsilon, warnings };
}

/** @param isNetwork whether it speaks of nothing but the network, so that `eps` alone is that of its batch norms */
function* search(declared: unknown, isNetwork: boolean, owner = '', depth = 0): Generator<Declaration> {
  if (typeof declared !== 'object' || declared === null || Array.isArray(declared) || depth > MAX_DEPTH) return;
  const isNorm = NORM_OWNER.test(owner);
  for (const [key, value] of Object.entries(declared)) {
    if (value === null) continue;
    const name = key.toLowerCase().replaceAll(/[_\W]/g, '');
    const isOwn = EPSILON_NAMES.has(name) || (isNorm && SHORT_NAMES.has(name)) || (isNetwork && name === 'eps');
    if (isOwn) yield { key, value };
    else if (!OTHER_OWNER.test(name)) yield* search(value, isNetwork, name, depth + 1);
  }
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return quoteName(value);
  return typeof value === 'object' ? 'of another kind' : String(value);
}
