import type { Catalogue } from '@caissa/registry';
import type { ReplicaContext } from './activation/replica.js';

/** What the use cases of the loader work with. */
export interface LoaderContext extends ReplicaContext {
  readonly catalogue: Catalogue;
}
