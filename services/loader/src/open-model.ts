import { checkSession, VerificationError } from '@caissa/conversion';
import { VERIFICATION_POSITIONS } from '@caissa/network';
import { type Session, SessionError, startSession } from '@caissa/session';
import type { ActivationChecks } from '@caissa/shared';

/** A session that has answered sensibly. */
export interface OpenedModel {
  readonly session: Session;
  readonly checks: Omit<ActivationChecks, 'converted'>;
}

/** How to open a model. */
export interface OpenModelOptions {
  readonly signal: AbortSignal;
  readonly intraOpThreads?: number | undefined;
}

/**
 * Opens a converted model, runs it once so that the first player does not wait for what is done only then, and checks
 * what it answers. No process is left if it fails.
 * @throws VerificationError if the model is at fault, SessionError if its process was lost; the signal's reason
 */
export async function openModel(path: string, { signal, intraOpThreads }: OpenModelOptions): Promise<OpenedModel> {
  const threads = intraOpThreads === undefined ? {} : { intraOpThreads };
  const session = await startSession({ modelPath: path, signal, ...threads }).catch((error: unknown) => {
    const refused = error instanceof SessionError && error.code === 'SESSION_START_FAILED';
    throw refused ? new VerificationError(error.message) : error;
  });
  return proveModel(session, signal);
}

/** Runs an open session and checks what it answers; ends it if that fails. @throws as {@link openModel} does */
export async function proveModel(session: Session, signal: AbortSignal): Promise<OpenedModel> {
  try {
    const { probabilitySumError, maxAbsValue } = await checkSession(session, VERIFICATION_POSITIONS);
    signal.throwIfAborted();
    return {
      session,
      checks: {
        positions: VERIFICATION_POSITIONS.length,
        probability_sum_error: probabilitySumError,
        max_abs_value: maxAbsValue,
      },
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}
