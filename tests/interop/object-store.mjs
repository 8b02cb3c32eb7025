// An object store for tests that shares no code with the one of `npm test`: moto, in Python.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { usablePort } from '@caissa/launcher';
import { pythonEnvironment } from './child.mjs';

const START_MS = 120_000;
const POLL_MS = 100;

/** moto looks whether there is an object, then writes one: as it stands, two threads that do both are both the first. */
const PROGRAM = `
import io, sys, threading
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

dispatch = DomainDispatcherApplication(create_backend_app)
one_at_a_time = threading.Lock()

def app(environ, start_response):
    # The body is read before: a slow sender holds up nobody.
    length = int(environ.get('CONTENT_LENGTH') or 0)
    environ['wsgi.input'] = io.BytesIO(environ['wsgi.input'].read(length))
    told = []
    with one_at_a_time:
        try:
            body = list(dispatch(environ, lambda status, headers, error=None: told.append((status, headers))))
        except KeyError:
            told = [('500', [])]
    status, headers = told[0]
    # moto fails where an upload that is to be completed is gone; S3 says so.
    if status.startswith('500') and 'uploadId=' in environ.get('QUERY_STRING', ''):
        status, headers = '404 Not Found', [('Content-Type', 'application/xml')]
        body = [b'<Error><Code>NoSuchUpload</Code><Message>It is gone.</Message></Error>']
    start_response(status, headers)
    return body

run_simple('127.0.0.1', int(sys.argv[1]), app, threaded=True)
`;

/** Starts the store on a free port. Answers its address and how to stop it. */
export const startObjectStore = async (python) => {
  const port = await usablePort('127.0.0.1', 0);
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(python, ['-c', PROGRAM, String(port)], {
    env: pythonEnvironment(),
    stdio: 'ignore',
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const deadline = Date.now() + START_MS;
  while (!(await fetch(endpoint).catch(() => undefined))) {
    if (Date.now() > deadline || child.exitCode !== null) {
      await stop();
      throw new Error('The object store of the tests does not start.');
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return { endpoint, stop };
};
