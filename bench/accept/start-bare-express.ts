import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Starts a bare Express server, in a process of its own as ours is, that answers these bytes. */
export async function startBareExpress(answers: { list: string; accepted: string }) {
  const child = fork(fileURLToPath(new URL('./bare-express.js', import.meta.url)), [], { execArgv: [] });
  child.send(answers);
  const [port] = (await once(child, 'message')) as [number];
  return { port, pid: child.pid ?? 0, stop: () => child.disconnect() };
}
