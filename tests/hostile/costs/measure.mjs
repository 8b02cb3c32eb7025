// Reads a file as services do, in this process: describes it and exports it. Says in JSON what that came to.
//
//   node measure.mjs ORDINARY_FILE FILE

import { readFileSync } from 'node:fs';
import { FileSource } from '@caissa/bytes';
import { describeCheckpoint, exportPytorch, openCheckpoint } from '@caissa/conversion';

const NOWHERE = { write: async () => {}, writeAt: async () => {} };

const use = async (file) => {
  const source = await FileSource.open(file);
  try {
    const checkpoint = await openCheckpoint(source);
    const shown = JSON.stringify([describeCheckpoint(checkpoint), checkpoint.warnings]);
    await exportPytorch(checkpoint, NOWHERE, { metadata: {} });
    return { outcome: 'read', shownBytes: Buffer.byteLength(shown) };
  } catch (error) {
    if (error.name !== 'FormatError') return { outcome: `${error.stack}` };
    return { outcome: error.code, shownBytes: Buffer.byteLength(error.message) };
  } finally {
    await source.close();
  }
};

/** The most memory that this process has had; what getrusage tells begins with that of the process that started it. */
const peakBytes = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024;

const [ordinary, costly] = process.argv.slice(2);
await use(ordinary);
const [idleBytes, before] = [process.memoryUsage.rss(), process.cpuUsage()];
const came = await use(costly);
const { user, system } = process.cpuUsage(before);
const aboveIdleBytes = peakBytes() - idleBytes;
process.stdout.write(JSON.stringify({ ...came, cpuMs: (user + system) / 1000, aboveIdleBytes }));
