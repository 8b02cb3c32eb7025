import { quoteName } from '@caissa/bytes';

/** Names of the epsilon of batch norms, and of nothing else. */
const OWN_NAME = /^(?:bn|batch_?norm)(?:_?[123]d)?_?eps(?:ilon)?$/;

/** What an architecture calls it, too. */
const NAME_IN_ARCHITECTURE = /^norm_?eps(?:ilon)?$/;

/** Its name in what speaks of batch norms. */
const SHORT_NAME = /^eps(?:ilon)?$/;

const NORM_OWNER = /^(?:bn|batch_?norm)(?:\d|_|$)/;

/** In an architecture there are no other norms. */
const OWNER_IN_ARCHITECTURE = /^norm(?:_|$)/;

/** What has an epsilon of its own, which is no batch norm's. */
const OTHER_OWNER = /optim|adam|sgd|rmsprop|scheduler|explor|greedy|layer_?norm|loss/;

/** Names beside which `eps` is an optimizer's. */
const OPTIMIZER_SETTING = /^(?:lr|learning_rate|betas?|momentum|weight_decay|optim\w*|adam\w*)$/;

/** Nobody nests a declaration deeper. */
const MAX_DEPTH = 4;

/** So many are looked at. */
const MAX_DECLARATIONS = 16;

/** The epsilon that a checkpoint says its batch norms have. */
export interface DeclaredEpsilon {
  /** Undefined if it says nothing that can be. */
  readonly epsilon: number | undefined;
  /** Sentences on what was not taken, and on what was taken though it may mean something else. */
  readonly warnings: readonly string[];
}

interface Declaration {
  /** Name as it is declared, and the same in lower case with underscores. */
  readonly key: string;
  readonly name: string;
  readonly value: unknown;
  /** Name of what it is declared of; empty at the top. */
  readonly owner: string;
}

/** Whether a number can be the epsilon of batch norms. */
export function isEpsilon(value: number): boolean {
  return value > 0 && value < 1;
}

/**
 * Finds the epsilon that a checkpoint declares for its batch norms, nested or not: as `bn_eps` and the like, or else as
 * `eps` of a `batch_norm` or of the architecture itself. The first that can be one counts: `bn_eps` of the architecture,
 * if it is the first of its entries, before anything else.
 * @param architecture what the checkpoint says of its architecture, as JSON
 * @param metadata what it says beside that
 */
export function declaredEpsilon(architecture: unknown, metadata?: unknown): DeclaredEpsilon {
  const inArchitecture = [...declarationsIn(architecture)];
  const beside = [...declarationsIn(metadata)];
  const named = choose([
    ...inArchitecture.filter(({ name }) => OWN_NAME.test(name) || NAME_IN_ARCHITECTURE.test(name)),
    ...beside.filter(({ name }) => OWN_NAME.test(name)),
  ]);
  if (named.taken !== undefined) return { epsilon: named.taken.epsilon, warnings: named.warnings };
  const ofNorms = [
    ...inArchitecture.filter(({ owner }) => NORM_OWNER.test(owner) || OWNER_IN_ARCHITECTURE.test(owner)),
    ...beside.filter(({ owner }) => NORM_OWNER.test(owner)),
  ].filter(({ name }) => SHORT_NAME.test(name));
  const { taken, warnings } = choose([...ofNorms, ...bareDeclarations(inArchitecture)]);
  const bare =
    taken?.owner === ''
      ? [
          `The checkpoint declares "eps" ${taken.epsilon} and no "bn_eps"; ${taken.epsilon} was used for the batch norms.`,
        ]
      : [];
  return { epsilon: taken?.epsilon, warnings: [...named.warnings, ...warnings, ...bare] };
}

/** The architecture's own `eps`, unless what stands beside it is an optimizer's. */
function bareDeclarations(inArchitecture: readonly Declaration[]): Declaration[] {
  const top = inArchitecture.filter(({ owner }) => owner === '');
  return top.some(({ name }) => OPTIMIZER_SETTING.test(name)) ? [] : top.filter(({ name }) => name === 'eps');
}

/** The first that can be an epsilon, and a sentence on each of the others. */
function choose(declarations: readonly Declaration[]) {
  const warnings: string[] = [];
  let taken: { key: string; owner: string; epsilon: number } | undefined;
  for (const { key, owner, value } of declarations.slice(0, MAX_DECLARATIONS)) {
    const epsilon = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof epsilon !== 'number' || !isEpsilon(epsilon)) {
      warnings.push(
        `The checkpoint declares ${quoteName(key)} ${textOf(value)}, which cannot be a batch norm's epsilon and was ignored.`,
      );
    } else if (taken !== undefined && epsilon !== taken.epsilon) {
      warnings.push(
        `The checkpoint declares ${quoteName(taken.key)} ${taken.epsilon} and ${quoteName(key)} ${epsilon}; ${taken.epsilon} was used.`,
      );
    } else taken ??= { key, owner, epsilon };
  }
  return { taken, warnings };
}

/** What is declared, the outermost first, but for what speaks of something else. */
function* declarationsIn(declared: unknown): Generator<Declaration> {
  let level = [{ owner: '', declared }];
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    const inner: typeof level = [];
    for (const { owner, declared } of level) {
      if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) continue;
      for (const [key, value] of Object.entries(declared)) {
        if (value === null) continue;
        const name = nameOf(key);
        yield { key, name, value, owner };
        if (!OTHER_OWNER.test(name)) inner.push({ owner: name, declared: value });
      }
    }
    level = inner;
  }
}

/** A key in lower case with underscores: `bn_eps` for `bnEps` and `bn-eps`. */
function nameOf(key: string): string {
  return key
    .replaceAll(/(?<=[a-z\d])(?=[A-Z])/g, '_')
    .replaceAll(/\W/g, '_')
    .toLowerCase();
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return quoteName(value);
  return typeof value === 'object' ? 'of another kind' : String(value);
}
