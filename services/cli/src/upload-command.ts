import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { modelNameOf } from '@caissa/formats';
import { sendUpload } from '@caissa/shared/uploads';
import type { UploadOptions } from './command-line.js';
import { EXIT } from './exit-codes.js';
import { failureLine } from './export-command.js';
import { explain } from './failure.js';
import { ProgressLine } from './progress-line.js';
import { printable, printableJson, readableSize, type Terminal } from './terminal.js';
import { UploadApi, type Uploaded } from './upload-api.js';

/** Uploads a checkpoint to a running API, and goes on where it was cut. Returns the exit code. */
export async function runUpload(file: string, options: UploadOptions, terminal: Terminal): Promise<number> {
  const { signal } = terminal;
  const progress = new ProgressLine(terminal, !options.json && !options.quiet);
  try {
    const uploaded = await upload(file, options, signal, (stage, percent) => progress.show(file, stage, percent));
    progress.clear();
    if (options.json) terminal.out(`${printableJson({ file, ...uploaded })}\n`);
    else if (!options.quiet) {
      terminal.out(
        `${printable(file)}: ${uploaded.name}, ${readableSize(uploaded.size_bytes)}, sha256 ${uploaded.sha256}\n`,
      );
    }
    return EXIT.done;
  } catch (error) {
    progress.clear();
    signal.throwIfAborted();
    const failure = explain(error);
    if (failure === undefined) throw error;
    terminal.err(failureLine(file, failure));
    const { code, message } = failure;
    if (options.json) terminal.out(`${printableJson({ file, failure: { code, message } })}\n`);
    return failure.exitCode;
  }
}

async function upload(
  file: string,
  { url, apiKey, name = modelNameOf(basename(file)) }: UploadOptions,
  signal: AbortSignal,
  report: (stage: string, percent: number) => void,
): Promise<Uploaded> {
  const { size: sizeBytes } = await stat(file);
  const sha256 = await digestOf(file, sizeBytes, signal, report);
  const api = new UploadApi({ file, sizeBytes, sha256, name, url, apiKey, signal });
  return sendUpload({
    begin: () => api.begin(),
    ask: (address) => api.ask(address),
    send: (address, offset) => api.send(address, offset, (sentBytes) => report('send', share(sentBytes, sizeBytes))),
    pause: async (ms, error) => {
      report(`${explain(error)?.message ?? 'The upload was cut.'} Trying again.`, 0);
      await delay(ms, undefined, { signal });
    },
  });
}

/** The SHA-256 of a file. The API compares it with that of what has arrived, maybe days later. */
async function digestOf(
  file: string,
  sizeBytes: number,
  signal: AbortSignal,
  report: (stage: string, percent: number) => void,
): Promise<Buffer> {
  const hash = createHash('sha256');
  let readBytes = 0;
  for await (const chunk of createReadStream(file, { signal, highWaterMark: 1 << 20 })) {
    hash.update(chunk);
    readBytes += chunk.length;
    report('read', share(readBytes, sizeBytes));
  }
  return hash.digest();
}

function share(bytes: number, ofBytes: number): number {
  return ofBytes === 0 ? 100 : Math.min(100, (bytes / ofBytes) * 100);
}
