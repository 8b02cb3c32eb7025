import { mkdir } from 'node:fs/promises';
import { withFile } from '@caissa/conversion';
import type { ExportOptions } from './command-line.js';
import { EXIT } from './exit-codes.js';
import { type Exported, exportedName, exportFile, openForExport } from './export-file.js';
import { explain, type Failure } from './failure.js';
import { ProgressLine } from './progress-line.js';
import { printable, printableJson, readableSize, type Terminal } from './terminal.js';

/** A failure and the file that it is about, as `--json` shows it. */
interface FileFailure extends Failure {
  readonly file: string;
}

/** The exports of one run. */
class ExportRun {
  readonly #options: ExportOptions;
  readonly #terminal: Terminal;
  readonly #progress: ProgressLine;
  readonly exports: Exported[] = [];
  readonly failures: FileFailure[] = [];
  /** How many files of each name there were so far. */
  readonly #namesakes = new Map<string, number>();

  constructor(options: ExportOptions, terminal: Terminal) {
    this.#options = options;
    this.#terminal = terminal;
    this.#progress = new ProgressLine(terminal, !options.json && !options.quiet);
  }

  /** Exports one checkpoint to all formats. What fails is noted; what is a fault of ours, or an interruption, is thrown. */
  async add(file: string): Promise<void> {
    const { signal } = this.#terminal;
    const number = this.#numberOf(file);
    await this.#noting(file, async () => {
      await mkdir(this.#options.out, { recursive: true });
      await withFile(file, async (source) => {
        this.#progress.show(file, 'opening', 0);
        const opened = await openForExport(file, source, signal, this.#options);
        this.#tell(file, opened.source.checkpoint.warnings);
        for (const format of this.#options.format) {
          await this.#noting(file, async () => {
            const report = ({ stage, percent }: { stage: string; percent: number }) =>
              this.#progress.show(file, stage, percent);
            this.#note(await exportFile(opened, format, this.#options, { signal, number, report }));
          });
        }
      });
    });
  }

  /** Which of the files of one name this is. Some file systems take names for one that differ only in case. */
  #numberOf(file: string): number {
    const name = exportedName(file).normalize('NFC').toLowerCase();
    const number = (this.#namesakes.get(name) ?? 0) + 1;
    this.#namesakes.set(name, number);
    return number;
  }

  async #noting(file: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#terminal.signal.throwIfAborted();
      const failure = explain(error);
      if (failure === undefined) throw error;
      this.failures.push({ file, ...failure });
      this.#say(() => this.#terminal.err(failureLine(file, failure)));
    } finally {
      this.#progress.clear();
    }
  }

  #note(exported: Exported): void {
    this.exports.push(exported);
    const { json, quiet } = this.#options;
    if (json || quiet) return;
    const { data_path: dataPath, data_size_bytes: dataSize = 0, data_sha256: dataSha256 = '' } = exported;
    const lines = [fileLine(exported.path, exported.size_bytes, exported.sha256)];
    if (dataPath !== undefined) lines.push(fileLine(dataPath, dataSize, dataSha256));
    this.#say(() => this.#terminal.out(lines.join('')));
    const note = noteOf(exported);
    if (note !== undefined) this.#tell(exported.file, [note]);
  }

  /** What is no failure, and should be known. */
  #tell(file: string, notes: readonly string[]): void {
    if (this.#options.json || this.#options.quiet) return;
    for (const note of notes) this.#say(() => this.#terminal.err(`Note: ${printable(`${file}: ${note}`)}\n`));
  }

  #say(write: () => void): void {
    this.#progress.clear();
    write();
  }
}

function fileLine(path: string, sizeBytes: number, sha256: string): string {
  return `${printable(path)}  ${readableSize(sizeBytes)}  sha256 ${sha256}\n`;
}

/** Why less was verified than was asked for. */
function noteOf({ metadata: { verification } }: Exported): string | undefined {
  const isObject = typeof verification === 'object' && verification !== null && !Array.isArray(verification);
  const note = isObject ? verification['note'] : undefined;
  return typeof note === 'string' ? note : undefined;
}

/** The line that tells of a failure. */
export function failureLine(file: string, { message, code }: Failure): string {
  return `caissa: ${printable(`${file}: ${message} (${code})`)}\n`;
}

/** Exports checkpoints one after the other; one that is refused keeps nobody from the next. Returns the exit code. */
export async function runExport(files: readonly string[], options: ExportOptions, terminal: Terminal): Promise<number> {
  const run = new ExportRun(options, terminal);
  for (const file of files) await run.add(file);
  const { exports, failures } = run;
  if (options.json) {
    const shown = failures.map(({ file, code, message }) => ({ file, code, message }));
    terminal.out(`${printableJson({ exports, failures: shown })}\n`);
  }
  return failures[0]?.exitCode ?? EXIT.done;
}
