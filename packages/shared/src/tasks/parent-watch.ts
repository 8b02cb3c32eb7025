import { workerData } from 'node:worker_threads';

// A thread that ends its process when the parent is gone. The event loop of the main thread hears of that as well, but not
// while it is held up by a task.

const CHECK_MS = 500;

setInterval(() => {
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, CHECK_MS);
