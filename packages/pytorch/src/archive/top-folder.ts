import { FormatError, quoteName } from '@caissa/bytes';
import { MAX_UNICODE_NAME_CHARACTERS } from '../limits.js';
import { explainArchive } from '../other-archives.js';

/** What makes a folder of an archive that of a checkpoint. */
const PICKLE_PATH = /^[^/]+\/data\.pkl$/;

/**
 * The one folder that all entries of a checkpoint are in, where no two have one name.
 * @throws FormatError NOT_A_CHECKPOINT if this is another archive, ZIP_PATH, ZIP_AMBIGUOUS, ZIP_LIMIT
 */
export function findTopFolder(names: readonly string[]): string {
  const [first = ''] = names;
  const [topFolder = ''] = first.split('/', 1);
  const stray = names.find((name) => !name.startsWith(`${topFolder}/`));
  if (stray !== undefined) {
    if (!names.some((name) => PICKLE_PATH.test(name))) throw explainArchive(names);
    const where = `stands outside ${quoteName(topFolder)}, the one top folder that a checkpoint has`;
    throw new FormatError('ZIP_PATH', `Archive entry ${quoteName(stray)} ${where}.`, { entry: stray });
  }
  assertDistinct(names, topFolder.length + 1);
  return topFolder;
}

/** File systems that ignore case, or normalise, would take one for the other. */
function assertDistinct(names: readonly string[], fromCharacter: number): void {
  const seen = new Set<string>();
  let unicodeCharacters = 0;
  for (const name of names) {
    const inner = name.slice(fromCharacter);
    const isAscii = !/[^ -~]/.test(inner);
    if (!isAscii) unicodeCharacters += inner.length;
    if (unicodeCharacters > MAX_UNICODE_NAME_CHARACTERS) {
      throw new FormatError('ZIP_LIMIT', 'The archive has more names that are not ASCII than a checkpoint may have.');
    }
    const folded = (isAscii ? inner : inner.normalize('NFC')).toLowerCase();
    if (seen.has(folded)) {
      throw new FormatError('ZIP_AMBIGUOUS', `Archive entry ${quoteName(name)} appears twice.`, { entry: name });
    }
    seen.add(folded);
  }
}
