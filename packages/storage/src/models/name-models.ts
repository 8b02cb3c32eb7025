import { checkpointStem, distinctModelName, isReservedModelName, modelFilename, modelNameOf } from '@caissa/formats';
import { parseModelName } from '@caissa/shared/contracts';
import { modelNotFound } from './model-file.js';

/** How good the claim of a file to a name is: it is NAME.pt, NAME with another extension, or was made into NAME. */
type Rank = 0 | 1 | 2;

interface Claim {
  readonly filename: string;
  readonly name: string;
  readonly rank: Rank;
}

/** What the checkpoints of a folder are called. */
export interface ModelNames {
  /** Names of files, by names of models. */
  readonly files: ReadonlyMap<string, string>;
  /** Files for which no name was left. */
  readonly nameless: readonly string[];
}

/**
 * Gives each checkpoint of a folder a model name that depends on the names of the files alone, not on their order. The
 * file with the best claim has the name; the others, and several with the same claim, have one with a digest. So no name
 * comes to mean another file when a file is added, but for the one that the new file is called by in full.
 * @param filenames as `isCheckpointName` has them, each once
 */
export function nameModels(filenames: readonly string[]): ModelNames {
  const claims = filenames.map(claimOf);
  const best = new Map<string, Claim>();
  const tied = new Map<string, Rank>();
  for (const claim of claims) {
    const { name, rank } = claim;
    const known = best.get(name);
    if (known === undefined || rank < known.rank) best.set(name, claim);
    else if (rank === known.rank) tied.set(name, rank);
  }
  const files = new Map<string, string>();
  for (const [name, { filename, rank }] of best) if (tied.get(name) !== rank) files.set(name, filename);
  const losers = claims.filter(({ name, filename }) => files.get(name) !== filename);
  return { files, nameless: nameLosers(losers, files) };
}

/** Gives files another name than the one they stand for, in order, so that of two with one digest always the same has it. */
function nameLosers(losers: readonly Claim[], files: Map<string, string>): string[] {
  const nameless: string[] = [];
  for (const filename of losers.map((loser) => loser.filename).sort()) {
    const name = distinctModelName(filename);
    if (files.has(name)) nameless.push(filename);
    else files.set(name, filename);
  }
  return nameless;
}

function claimOf(filename: string): Claim {
  const name = modelNameOf(filename);
  if (filename === modelFilename(name)) return { filename, name, rank: 0 };
  return { filename, name, rank: checkpointStem(filename) === name ? 1 : 2 };
}

/**
 * Does something with a model's file. That is NAME.pt if it is there; only otherwise the folder is asked for the names of
 * all files.
 * @param act gives undefined for a file that is not there
 * @throws AppError INVALID_NAME, MODEL_NOT_FOUND; what `act` and `names` throw
 */
export async function withModelFile<T>(
  name: string,
  names: () => Promise<ModelNames>,
  act: (filename: string) => Promise<T | undefined>,
): Promise<T> {
  const own = modelFilename(parseModelName(name));
  // The model of `stats.pt` is not called stats.
  if (isReservedModelName(name)) throw modelNotFound(name);
  const opened = await act(own);
  if (opened !== undefined) return opened;
  const filename = (await names()).files.get(name);
  const found = filename === undefined ? undefined : await act(filename);
  if (found === undefined) throw modelNotFound(name);
  return found;
}
