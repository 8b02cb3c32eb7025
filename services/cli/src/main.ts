import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { type Commands, commandLine } from './command-line.js';
import { EXIT } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** The shell's 128 and the number of the signal. */
const SIGNAL_EXITS = new Map<string, number>([
  ['SIGINT', EXIT.interrupted],
  ['SIGTERM', 143],
]);

const interruption = new AbortController();
let interruptedBy = EXIT.interrupted as number;
for (const [signal, exitCode] of SIGNAL_EXITS) {
  // Once: whoever does not want to wait until everything is put away interrupts again.
  process.once(signal, () => {
    interruptedBy = exitCode;
    interruption.abort();
  });
}

/** A reader that has seen enough, as `head` has, is no reason to end what else there is to do. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
process.stdout.on('error', ignoreClosedPipe);
process.stderr.on('error', ignoreClosedPipe);

const terminal: Terminal = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isInteractive: process.stderr.isTTY === true,
  columns: process.stderr.columns || 80,
  signal: interruption.signal,
};

// Loaded when they are needed: --help and a wrong option need nothing of what they do.
const commands: Commands = {
  export: async (...asked) => (await import('./export-command.js')).runExport(...asked, terminal),
  inspect: async (...asked) => (await import('./inspect-command.js')).runInspect(...asked, terminal),
  upload: async (...asked) => (await import('./upload-command.js')).runUpload(...asked, terminal),
};

function version(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}

async function run(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = commandLine(commands, version(), terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (interruption.signal.aborted) {
      terminal.err('caissa: interrupted\n');
      return interruptedBy;
    }
    terminal.err(`caissa: a fault of this program: ${error instanceof Error ? error.stack : String(error)}\n`);
    return EXIT.internal;
  }
}

process.exitCode = await run(process.argv.slice(2));
