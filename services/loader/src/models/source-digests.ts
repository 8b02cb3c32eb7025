import { digestSource } from '@caissa/bytes';
import type { Catalogue } from '@caissa/registry';
import type { ModelSource } from '@caissa/storage';
import { LRUCache } from 'lru-cache';

/** Files whose digest is remembered. */
const REMEMBERED = 100;

/** SHA-256 of checkpoints. What was computed once, by an inspection or here, holds as long as the file is the very same. */
export class SourceDigests {
  readonly #catalogue: Pick<Catalogue, 'get'>;
  /** Name of the model → state of its file and the digest. */
  readonly #known = new LRUCache<string, { readonly identity: string; readonly sha256: string }>({ max: REMEMBERED });

  constructor(catalogue: Pick<Catalogue, 'get'>) {
    this.#catalogue = catalogue;
  }

  /**
   * The digest of an open checkpoint.
   * @throws FormatError ZIP_TRUNCATED if the file became shorter; the signal's reason
   */
  async of(name: string, source: ModelSource, signal: AbortSignal): Promise<string> {
    const { identity } = source;
    const known = this.#known.get(name);
    if (known?.identity === identity) return known.sha256;
    // Without the catalogue it takes longer, and that is all.
    const entry = await this.#catalogue.get(name).catch(() => undefined);
    const inspected = entry?.identity === identity ? entry.sha256 : null;
    const sha256 = inspected ?? (await digestSource(source, signal));
    this.#known.set(name, { identity, sha256 });
    return sha256;
  }
}
