import { verificationBoards } from '@caissa/chess';
import { batchFor, checkSession, compareWithReference, type Reference, VerificationError } from '@caissa/conversion';
import { type Session, SessionError, type SpareProcess, startSession } from '@caissa/session';
import type { ActivationChecks } from '@caissa/shared/contracts';
import type { Proof } from './converted-models.js';

/** What the sessions of a loader have in common. */
export interface StartContext {
  /** Has a process at hand for the next session. */
  readonly spare?: SpareProcess;
  /** Threads of one session; left to onnxruntime when unset. */
  readonly intraOpThreads?: number;
}

/** How a model is checked. */
export interface ProofOptions {
  readonly signal: AbortSignal;
  /** What it must give, where that was computed: it is run on the reference's boards and compared. */
  readonly reference?: Reference;
  /** Without a reference: a proven model is run on one position, to show that it works, any other on all of them. */
  readonly proof?: Proof | Promise<Proof>;
}

/** A session that has answered sensibly, and what was asked of it. */
export interface ProvenSession {
  readonly session: Session;
  readonly checks: Omit<ActivationChecks, 'converted'>;
}

/**
 * Opens a converted model in a process, runs it once so that the first player does not wait for what is done only then,
 * and checks what it answers. No process is left if it fails.
 * @throws VerificationError if the model is at fault, SessionError if its process was lost; the signal's reason
 */
export async function startModel(
  { spare, intraOpThreads }: StartContext,
  path: string,
  options: ProofOptions,
): Promise<ProvenSession> {
  const how = {
    ...(intraOpThreads === undefined ? {} : { intraOpThreads }),
    ...(spare === undefined ? {} : { spare }),
  };
  const session = await startSession({ modelPath: path, signal: options.signal, ...how }).catch((error: unknown) => {
    const refused = error instanceof SessionError && error.code === 'SESSION_START_FAILED';
    throw refused ? new VerificationError(error.message) : error;
  });
  return proveModel(session, options);
}

/** Runs an open session and checks what it answers; ends it if that fails. @throws as {@link startModel} does */
export async function proveModel(
  session: Session,
  { signal, reference, proof = 'unknown' }: ProofOptions,
): Promise<ProvenSession> {
  try {
    const { boards, positions } = reference ? batchFor(reference.outputs) : positionsFor(await proof);
    const { outputs, probabilitySumError, maxAbsValue } = await checkSession(session, boards);
    const agreement = reference && (await compareWithReference(reference, outputs));
    signal.throwIfAborted();
    return {
      session,
      checks: {
        positions,
        probability_sum_error: probabilitySumError,
        max_abs_value: maxAbsValue,
        ...(agreement ? { max_abs_difference: agreement.max_abs_difference } : {}),
      },
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

function positionsFor(proof: Proof) {
  const boards = verificationBoards().slice(1, proof === 'proven' ? 2 : undefined);
  return { boards, positions: boards.length };
}
