import { checkSession, VerificationError } from '@caissa/conversion';
import { VERIFICATION_POSITIONS } from '@caissa/network';
import { type Session, SessionError, type SpareProcess, startSession } from '@caissa/session';
import type { ActivationChecks } from '@caissa/shared/contracts';

/** A session that has answered sensibly. */
export interface OpenedModel {
  readonly session: Session;
  readonly checks: Omit<ActivationChecks, 'converted'>;
}

/** How to open a model. */
export interface OpenModelOptions {
  readonly signal: AbortSignal;
  readonly intraOpThreads?: number | undefined;
  readonly spare?: SpareProcess | undefined;
  /** Whether the very same model has been checked before, so that it need only be shown that it works. */
  readonly isProven: boolean;
}

/**
 * Opens a converted model, runs it once so that the first player does not wait for what is done only then, and checks
 * what it answers. No process is left if it fails.
 * @throws VerificationError if the model is at fault, SessionError if its process was lost; the signal's reason
 */
export async function openModel(path: string, options: OpenModelOptions): Promise<OpenedModel> {
  const { signal, intraOpThreads, spare, isProven } = options;
  const how = {
    ...(intraOpThreads === undefined ? {} : { intraOpThreads }),
    ...(spare === undefined ? {} : { spare }),
  };
  const session = await startSession({ modelPath: path, signal, ...how }).catch((error: unknown) => {
    const refused = error instanceof SessionError && error.code === 'SESSION_START_FAILED';
    throw refused ? new VerificationError(error.message) : error;
  });
  return proveModel(session, signal, isProven);
}

/** Runs an open session and checks what it answers; ends it if that fails. @throws as {@link openModel} does */
export async function proveModel(session: Session, signal: AbortSignal, isProven: boolean): Promise<OpenedModel> {
  const positions = isProven ? VERIFICATION_POSITIONS.slice(0, 1) : VERIFICATION_POSITIONS;
  try {
    const { probabilitySumError, maxAbsValue } = await checkSession(session, positions);
    signal.throwIfAborted();
    return {
      session,
      checks: {
        positions: positions.length,
        probability_sum_error: probabilitySumError,
        max_abs_value: maxAbsValue,
      },
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}
