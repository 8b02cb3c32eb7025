import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

// To be imported into a process before its program: holds up every flush of a file while there is the file that the
// variable names, as a disk does that is slow.

const handle = await open(new URL(import.meta.url));
const prototype = Object.getPrototypeOf(handle);
await handle.close();
const { sync } = prototype;
prototype.sync = async function holdAndSync() {
  while (existsSync(process.env['HOLD_FLUSHES'] ?? '')) await delay(50);
  return sync.call(this);
};
