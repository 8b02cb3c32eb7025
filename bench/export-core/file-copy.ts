import { copyFile, open, rm } from 'node:fs/promises';
import type { Contestant } from '../harness/alternate.js';

/** The least that an export could do: a copy of the file. */
export function fileCopy(source: string, target: string): Contestant {
  return {
    label: 'fs.copyFile',
    run: () => copyFile(source, target),
    after: () => rm(target),
  };
}

/** A copy that is on the disk when it ends, as a published export is. */
export function durableFileCopy(source: string, target: string): Contestant {
  return {
    label: 'fs.copyFile + fsync',
    async run() {
      await copyFile(source, target);
      const handle = await open(target, 'r+');
      await handle.sync();
      await handle.close();
    },
    after: () => rm(target),
  };
}
