import { type OrtSession, openOrtSession } from './ort-session.js';
import { runModel } from './run-model.js';
import { SessionError, type SessionErrorCode } from './session-error.js';
import type { SessionReply, SessionRequest } from './session-messages.js';

// The program of a session's process: opens one model and runs it until it is told to close or its parent is gone.

let model: OrtSession | undefined;

/** Settles when the reply has been handed to the parent, so that leaving the process loses none. */
function send(reply: SessionReply): Promise<void> {
  return new Promise((resolve) => {
    if (!process.send) return resolve();
    process.send(reply, undefined, undefined, () => resolve());
  });
}

function failure(error: unknown, fallback: SessionErrorCode): { code: SessionErrorCode; message: string } {
  if (error instanceof SessionError) return { code: error.code, message: error.message };
  return { code: fallback, message: `The session met a fault of its own: ${String(error)}` };
}

async function answer(request: SessionRequest): Promise<void> {
  if (request.type === 'close') process.exit(0);
  if (request.type === 'open') {
    try {
      model = await openOrtSession(request.options);
      return await send({ type: 'opened', info: model.info });
    } catch (error) {
      return await send({ type: 'failed', ...failure(error, 'SESSION_START_FAILED') });
    }
  }
  const { id, feeds } = request;
  try {
    if (!model) throw new SessionError('SESSION_RUN_FAILED', 'The session holds no model.');
    await send({ type: 'ran', id, outputs: await runModel(model.session, feeds) });
  } catch (error) {
    await send({ type: 'failed', id, ...failure(error, 'SESSION_RUN_FAILED') });
  }
}

let answered: Promise<void> = Promise.resolve();
process.on('message', (request: SessionRequest) => {
  answered = answered.then(() => answer(request));
});
process.on('disconnect', () => process.exit(0));
// Terminals and service managers signal the whole process group; the parent decides when its sessions end.
// What the runtime of models needs is loaded here and nothing else, so that the list is not that of the services.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
