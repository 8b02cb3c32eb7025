import { hostname } from 'node:os';
import { readInternalToken } from '@caissa/redis';
import { urlOf } from '@caissa/shared/http';
import type { Lifecycle, Logger } from '@caissa/shared/process';
import type { SettingValue } from '@caissa/shared/settings';
import type { Registry } from 'prom-client';
import { LoaderEngine } from './inference/loader-engine.js';
import { InferenceMeter } from './metrics/inference-meter.js';
import { measureAnswers } from './metrics/measure-answers.js';
import type { LoaderContext } from './open-context.js';
import { startProtocolServer } from './protocol/server.js';

const ANY_ADDRESS = new Set(['0.0.0.0', '::', '']);

/** What the engine depends on. */
export interface EngineSettings {
  readonly MAX_BATCH: SettingValue<'MAX_BATCH'>;
  readonly MAX_QUEUE_DELAY_US: SettingValue<'MAX_QUEUE_DELAY_US'>;
  readonly MAX_QUEUE_POSITIONS: SettingValue<'MAX_QUEUE_POSITIONS'>;
  readonly MAX_SESSIONS: SettingValue<'MAX_SESSIONS'>;
}

/** Makes the inference engine of a loader, measured in a registry. */
export function createEngine(context: LoaderContext, settings: EngineSettings, registry: Registry): LoaderEngine {
  const { MAX_BATCH: maxBatch, MAX_QUEUE_DELAY_US: maxDelayUs, MAX_QUEUE_POSITIONS: maxQueuedPositions } = settings;
  return new LoaderEngine({
    ...context,
    maxSessions: settings.MAX_SESSIONS,
    settings: { maxBatch, maxDelayMs: maxDelayUs / 1000, maxQueuedPositions },
    versions: async () => new Map([...(await context.catalogue.all())].map(([name, { version }]) => [name, version])),
    observer: new InferenceMeter(registry),
  });
}

/** Where the port of a loader is opened, and how it is closed. */
export interface AddressSettings {
  readonly HOST: string;
  readonly LOADER_PORT: number;
  readonly LOADER_URL: string;
  readonly ALLOW_ANONYMOUS: boolean;
  readonly SHUTDOWN_GRACE_SECONDS: number;
}

/** What answers on the port. */
export interface ServingParts {
  readonly context: LoaderContext;
  readonly engine: LoaderEngine;
  readonly ready: () => boolean;
  readonly registry: Registry;
  readonly logger: Logger;
}

/**
 * Opens the port on which a loader answers positions; `lifecycle` closes it. Returns where others reach it.
 * @throws ConfigurationError if the address cannot be used
 */
export async function serveInference(
  { context, engine, ready, registry, logger }: ServingParts,
  { HOST: host, LOADER_PORT, LOADER_URL, ALLOW_ANONYMOUS: allowAnonymous, SHUTDOWN_GRACE_SECONDS }: AddressSettings,
  lifecycle: Lifecycle,
): Promise<string> {
  const server = await startProtocolServer({
    host,
    port: LOADER_PORT,
    engine,
    ready,
    logger,
    allowAnonymous,
    readToken: () => readInternalToken(context.redis, context.keys),
    onAnswer: measureAnswers(registry),
    metrics: registry,
  });
  const graceMs = SHUTDOWN_GRACE_SECONDS * 1_000;
  lifecycle.onStop('inference server', () => server.close(graceMs), graceMs);
  return LOADER_URL === '' ? urlOf(ANY_ADDRESS.has(host) ? hostname() : host, server.port) : LOADER_URL;
}
