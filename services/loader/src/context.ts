import type { ExpectedArchitecture } from '@caissa/network';
import type { RedisClient, RedisKeys } from '@caissa/redis';
import type { Catalogue } from '@caissa/registry';
import type { SpareProcess } from '@caissa/session';
import type { Logger } from '@caissa/shared/process';
import type { ModelStore } from '@caissa/storage';
import type { Journal } from './activation/journal.js';
import type { PointerKeeper } from './activation/pointer-keeper.js';
import type { ConvertedModels } from './models/converted-models.js';
import type { SessionShelf } from './models/session-shelf.js';
import type { SourceDigests } from './models/source-digests.js';

/** What the use cases of the loader work with. */
export interface LoaderContext {
  readonly models: ModelStore;
  readonly converted: ConvertedModels;
  readonly catalogue: Catalogue;
  readonly digests: SourceDigests;
  readonly pointer: PointerKeeper;
  readonly journal: Journal;
  readonly shelf: SessionShelf;
  /** What a model must be before it is activated. */
  readonly expected: ExpectedArchitecture;
  /** Fails fast while Redis is away. */
  readonly redis: RedisClient;
  readonly keys: RedisKeys;
  readonly logger: Logger;
  /** Has a process at hand for the next session. */
  readonly spare?: SpareProcess;
  /** Threads of one session; left to onnxruntime when unset. */
  readonly intraOpThreads?: number;
}
