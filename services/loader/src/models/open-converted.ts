import { VerificationError } from '@caissa/conversion';
import type { ModelFacts } from '@caissa/registry';
import type { Session } from '@caissa/session';
import type { ActivationChecks } from '@caissa/shared/contracts';
import type { LoaderContext } from '../context.js';
import { type OpenedModel, openModel, proveModel } from './open-model.js';

/** A model that is open and has been checked, and whether it had to be converted for that. */
export interface OpenedConverted {
  readonly session: Session;
  readonly checks: ActivationChecks;
}

/** What a conversion gives. */
export interface Conversion {
  readonly path: string;
  readonly facts: ModelFacts;
}

/** What opening a converted model needs. */
type OpenConvertedContext = Pick<LoaderContext, 'converted' | 'intraOpThreads' | 'spare'> &
  Partial<Pick<LoaderContext, 'shelf'>>;

/**
 * Opens the model of a checkpoint in the cheapest way there is: a session that is still open, the converted model, or a
 * conversion. A converted model that lay there and does not work was damaged on the disk, and is made anew once.
 * @throws as `convert` and `openModel` do
 */
export async function openConverted(
  context: OpenConvertedContext,
  sha256: string,
  convert: () => Promise<Conversion>,
  signal: AbortSignal,
): Promise<OpenedConverted> {
  const { converted, shelf, intraOpThreads, spare } = context;
  const shelved = shelf?.take(sha256);
  const kept = shelved === undefined ? undefined : await proveShelved(shelved, signal);
  if (kept !== undefined) return withOrigin(kept, false);
  const found = await converted.find(sha256);
  if (found !== undefined) {
    try {
      const isProven = await converted.isProven(sha256);
      return withOrigin(await openModel(found, { signal, intraOpThreads, spare, isProven }), false);
    } catch (error) {
      if (!(error instanceof VerificationError)) throw error;
      await converted.discard(sha256);
    }
  }
  const { path, facts } = await convert();
  const opened = await openModel(path, { signal, intraOpThreads, spare, isProven: false });
  await converted.remember(sha256, facts);
  return withOrigin(opened, true);
}

/** A session that was kept and does not answer any more is no loss: the model is opened anew. */
async function proveShelved(session: Session, signal: AbortSignal): Promise<OpenedModel | undefined> {
  return proveModel(session, signal, true).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
}

function withOrigin({ session, checks }: OpenedModel, converted: boolean): OpenedConverted {
  return { session, checks: { ...checks, converted } };
}
