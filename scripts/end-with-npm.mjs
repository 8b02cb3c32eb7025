const CHECK_MS = 500;

/**
 * Ends this process as SIGTERM does when the process that npm started it from is gone: npm that is killed, or a shell
 * between the two, passes nothing on. Without npm it may outlive whoever started it.
 */
export const endWithNpm = () => {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, CHECK_MS);
  timer.unref();
};
