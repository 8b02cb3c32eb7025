import { join, resolve } from 'node:path';
import { isatty } from 'node:tty';

const CHECK_MS = 500;

/**
 * Ends this process as SIGTERM does when the process that npm started it from is gone: npm that is killed, or a shell
 * between the two, passes nothing on. Without npm it may outlive whoever started it.
 */
export const endWithNpm = (root, command) => {
  if (!isStartedByNpm(root, command)) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_MS);
  timer.unref();
  // A terminal that is closed ends npm even under `nohup`, which leaves us no terminal and is meant for us as well.
  if (![0, 1, 2].some((fd) => isatty(fd))) process.on('SIGHUP', () => clearInterval(timer));
};

/** Whether npm runs this very command; what it sets is inherited by all that its scripts start. */
const isStartedByNpm = (root, command) => {
  const { npm_lifecycle_event: event, npm_package_json: manifest } = process.env;
  return event === command && resolve(manifest || '') === join(root, 'package.json');
};
