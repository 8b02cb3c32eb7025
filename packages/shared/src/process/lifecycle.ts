import { CONFIGURATION_EXIT_CODE, ConfigurationError } from '../config/read-settings.js';
import type { Logger } from './logger.js';
import { startPatientTimer } from './patient-timer.js';
import { redactText } from './redact.js';
import { neverWaitForOutput } from './standard-streams.js';
import { onStopSignals } from './stop-signals.js';

/** Undoes one step of the start. */
type Releaser = () => Promise<void> | void;

/** Longest time that one step of a shutdown may take before the next one is begun, beside what it is given to wait for others. */
const RELEASE_TIMEOUT_MS = 8_000;

/**
 * What a process has started, released in reverse order. A releaser that hangs or fails does not keep the others from
 * running: `worker.close()` never returns while Redis cannot be reached.
 */
export class Lifecycle {
  readonly #releasers: { name: string; release: Releaser; timeoutMs: number }[] = [];
  #released: Promise<void> | undefined;

  /** Registers how to undo what was just started; `graceMs` is time that it gives to others. */
  onStop(name: string, release: Releaser, graceMs = 0): void {
    this.#releasers.push({ name, release, timeoutMs: graceMs + RELEASE_TIMEOUT_MS });
  }

  /** Releases everything, last started first. Later calls wait for the first one. */
  stop(logger: Logger): Promise<void> {
    this.#released ??= this.#releaseAll(logger);
    return this.#released;
  }

  async #releaseAll(logger: Logger): Promise<void> {
    for (const { name, release, timeoutMs } of this.#releasers.reverse()) {
      try {
        await withTimeout(Promise.resolve(release()), timeoutMs);
      } catch (error) {
        logger.warn({ err: error, step: name }, 'a step of the shutdown failed');
      }
    }
  }
}

/** Settles as `work` does, or rejects after `timeoutMs`. */
export async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let cancel = () => {};
  const timeout = new Promise<never>((_, reject) => {
    cancel = startPatientTimer(timeoutMs, () => reject(new Error(`not done within ${timeoutMs} ms`)));
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    cancel();
  }
}

/**
 * Runs a service until it is told to stop: by a signal, or by the end of the process that supervises it. A second signal
 * ends it at once. A configuration that cannot be used is printed and ends the process with status 2, any other failure with 1.
 */
export async function runService(start: (lifecycle: Lifecycle) => Promise<Logger>): Promise<void> {
  neverWaitForOutput();
  const lifecycle = new Lifecycle();
  let stop: ((reason: string) => void) | undefined;
  let askedToStop: string | undefined;
  // From the first moment: what has been started is also released if the wish comes while the rest is starting.
  const ask = (reason: string) => {
    askedToStop ??= reason;
    stop?.(reason);
  };
  onStopSignals(ask);
  if (process.connected) process.once('disconnect', () => ask('the launcher ended'));
  // Node.js would print it in a way that waits for whoever reads.
  process.on('uncaughtException', fail);
  const logger = await start(lifecycle).catch(fail);
  process.off('uncaughtException', fail).on('uncaughtException', (error) => {
    // A setting may turn out to be wrong only when Redis is there.
    if (error instanceof ConfigurationError || !logger.isLevelEnabled('fatal')) fail(error);
    logger.fatal({ err: error }, 'the process ends because of an error that was not foreseen');
    process.exit(1);
  });
  stop = (reason) => {
    stop = undefined;
    logger.info({ reason }, 'stopping');
    lifecycle.stop(logger).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  if (askedToStop !== undefined) stop(askedToStop);
}

/** Prints why a process cannot start or go on, and ends it. */
function fail(error: unknown): never {
  const configuration = error instanceof ConfigurationError;
  const reason = configuration ? error.message : error instanceof Error ? error.stack : error;
  process.stderr.write(`${redactText(String(reason))}\n`);
  process.exit(configuration ? CONFIGURATION_EXIT_CODE : 1);
}
