// A worker of BullMQ and nothing else, in a process of its own as ours is: its jobs are over as soon as they are taken,
// or export as ours do. Arguments: Redis URL, prefix, jobs at once, and for exports the folders of models and exports.

import { connectWorker } from '@caissa/redis';
import { Worker } from 'bullmq';
import { ExporterInProcess } from '../export-core/exporter-in-process.js';

const [url = '', prefix = '', concurrency = '', models, exports] = process.argv.slice(2);
const exporter = models && exports ? await ExporterInProcess.open(url, models, exports) : undefined;
if (exporter) await exporter.inspect('tiny');
const work = async () => {
  await exporter?.export('tiny', 'onnx');
};
const connection = connectWorker(url);
const worker = new Worker('bare', work, { connection, prefix, concurrency: Number(concurrency) });
await worker.waitUntilReady();
process.send?.('ready');
process.once('disconnect', () => process.exit());
