/** Warnings that are told of one file: they are repeated in catalogue, manifests and metadata. */
const MAX_WARNINGS = 20;

/** Characters of one warning. */
const MAX_CHARACTERS = 300;

/** Warnings as they are told: each once and no longer than a line or two, and of too many the first, with their number. */
export function boundWarnings(warnings: readonly string[]): string[] {
  const told = [...new Set(warnings.map(cut))];
  if (told.length <= MAX_WARNINGS) return told;
  const shown = told.slice(0, MAX_WARNINGS - 1);
  return [...shown, `There are ${told.length - shown.length} more warnings, which are not listed here.`];
}

function cut(warning: string): string {
  if (warning.length <= MAX_CHARACTERS) return warning;
  // Not in the middle of a character.
  return `${warning.slice(0, MAX_CHARACTERS - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
