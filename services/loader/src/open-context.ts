import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExpectedArchitecture } from '@caissa/chess';
import { type RedisClient, redisKeys } from '@caissa/redis';
import { Catalogue } from '@caissa/registry';
import type { SpareProcess } from '@caissa/session';
import type { Conditions, Logger } from '@caissa/shared/process';
import type { ModelStore } from '@caissa/storage';
import { Journal } from './activation/journal.js';
import { JournalFile } from './activation/journal-file.js';
import { OptionalWrites } from './activation/optional-writes.js';
import { PointerKeeper } from './activation/pointer-keeper.js';
import { PointerMirror } from './activation/pointer-mirror.js';
import type { ReplicaContext } from './activation/replica.js';
import { ConvertedModels } from './models/converted-models.js';
import { SessionShelf } from './models/session-shelf.js';
import { SourceDigests } from './models/source-digests.js';
import type { CheckpointTasks } from './tasks/checkpoint-tasks.js';

/** What the use cases of the loader work with. */
export interface LoaderContext extends ReplicaContext {
  readonly catalogue: Catalogue;
}

/** What a {@link LoaderContext} is made of. */
export interface ContextOptions {
  readonly dataDir: string;
  readonly models: ModelStore;
  /** Fails fast while Redis is away. */
  readonly redis: RedisClient;
  readonly prefix: string;
  readonly expected: ExpectedArchitecture;
  readonly tasks: CheckpointTasks;
  readonly logger: Logger;
  readonly conditions: Conditions;
  readonly spare?: SpareProcess;
  /** Threads of one session; 0 leaves it to onnxruntime. */
  readonly intraOpThreads: number;
  /** Sessions of models that were active that may stay open at the moment. */
  shelfCapacity(): number;
}

/** Opens what the use cases of the loader work with; the folder of the converted models is created if need be. */
export async function openContext(options: ContextOptions): Promise<LoaderContext> {
  const { dataDir, models, redis, prefix, expected, tasks, logger, conditions, spare, intraOpThreads, shelfCapacity } =
    options;
  const keys = redisKeys(prefix);
  const folder = join(dataDir, 'active');
  const converted = await ConvertedModels.open(folder);
  const writes = new OptionalWrites(conditions);
  // Whoever starts it should hear that now, not with the first activation.
  await writes.attempt(() => access(folder, constants.W_OK));
  const pointer = new PointerKeeper({ redis, keys, mirror: new PointerMirror(folder), writes, logger });
  const catalogue = new Catalogue(redis, keys);
  return {
    models,
    tasks,
    converted,
    catalogue,
    digests: new SourceDigests(catalogue),
    pointer,
    journal: new Journal({ redis, keys, logger, pointer, file: new JournalFile(folder), writes }),
    shelf: new SessionShelf(shelfCapacity),
    expected,
    redis,
    keys,
    logger,
    ...(spare === undefined ? {} : { spare }),
    ...(intraOpThreads === 0 ? {} : { intraOpThreads }),
  };
}
