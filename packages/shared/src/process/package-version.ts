import { readFileSync } from 'node:fs';

let known: string | undefined;

/** The version of Caissa that runs, `major.minor.patch`; all its packages have one. */
export function packageVersion(): string {
  if (known === undefined) {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
    known = String(version);
  }
  return known;
}
