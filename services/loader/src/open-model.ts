import { checkSession, VerificationError } from '@caissa/conversion';
import { VERIFICATION_POSITIONS } from '@caissa/network';
import { type Session, SessionError, startSession } from '@caissa/session';

/**
 * Opens a converted model, runs it once so that the first player does not wait for what is done only then, and checks
 * what it answers. No process is left if it fails.
 * @param intraOpThreads threads of one operator; left to onnxruntime when undefined
 * @throws VerificationError if the model is at fault, SessionError if its process was lost; the signal's reason
 */
export async function openModel(path: string, signal: AbortSignal, intraOpThreads?: number): Promise<Session> {
  const threads = intraOpThreads === undefined ? {} : { intraOpThreads };
  const session = await startSession({ modelPath: path, signal, ...threads }).catch((error: unknown) => {
    const refused = error instanceof SessionError && error.code === 'SESSION_START_FAILED';
    throw refused ? new VerificationError(error.message) : error;
  });
  try {
    await checkSession(session, VERIFICATION_POSITIONS);
    signal.throwIfAborted();
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}
