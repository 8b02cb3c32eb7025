import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const OPERATIONS = join(import.meta.dirname, '../../docs/operations.md');

/** The arguments of `ACL SETUSER` that the manual gives, for another prefix and a password. */
export async function documentedRights(prefix: string, password: string): Promise<string[]> {
  const [, rule] = /^ACL SETUSER (caissa .*)$/m.exec(await readFile(OPERATIONS, 'utf8')) ?? [];
  if (rule === undefined) throw new Error('The manual has no line ACL SETUSER caissa.');
  return rule.replaceAll('caissa:*', `${prefix}:*`).replace('>PASSWORD', `>${password}`).split(' ');
}
