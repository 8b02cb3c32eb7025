import { SETTINGS, type Setting, type SettingName, type SettingValue } from './settings.js';

/** A configuration that cannot be used. The message has one sentence for each thing that is wrong. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** Exit status of a process whose configuration cannot be used; a supervisor does not restart it. */
export const CONFIGURATION_EXIT_CODE = 2;

/** Number of single-character edits between two names, by Levenshtein; stops counting beyond `limit`. */
function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[right.length] ?? limit + 1;
}

/** Variables that look like a misspelt setting. Short names are left alone: other programs use such names too. */
function misspelt(env: Readonly<Record<string, string | undefined>>): string[] {
  const known = Object.keys(SETTINGS);
  return Object.keys(env).flatMap((name) => {
    if (Object.hasOwn(SETTINGS, name) || name.length < 10) return [];
    const meant = known.find((candidate) => candidate.length >= 10 && editDistance(name, candidate, 2) <= 2);
    return meant === undefined ? [] : [`${name} is not a setting; did you mean ${meant}?`];
  });
}

/**
 * Reads the named settings from an environment, checked and frozen. An empty variable counts as unset.
 * @throws ConfigurationError with a sentence for every bad value and every misspelt name
 */
export function readSettings<K extends SettingName>(
  env: Readonly<Record<string, string | undefined>>,
  names: readonly K[],
): { readonly [P in K]: SettingValue<P> } {
  const problems = misspelt(env);
  const values: Partial<Record<K, unknown>> = {};
  for (const name of names) {
    const { schema, fallback, secret }: Setting<unknown> = SETTINGS[name];
    const raw = env[name];
    const parsed = schema.safeParse(raw === undefined || raw === '' ? fallback : raw);
    if (parsed.success) values[name] = parsed.data;
    else
      problems.push(`${name}${secret ? '' : ` is "${raw}" but`} ${parsed.error.issues[0]?.message ?? 'is not valid'}.`);
  }
  if (problems.length > 0) throw new ConfigurationError(problems.join('\n'));
  return Object.freeze(values) as { readonly [P in K]: SettingValue<P> };
}
