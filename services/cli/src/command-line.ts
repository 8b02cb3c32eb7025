import type { ReadOptions } from '@caissa/conversion';
import {
  DEFAULT_FORMAT,
  DEFAULT_UNKNOWN_OBJECTS,
  DEFAULT_VERIFY_LEVEL,
  type Format,
  factsOf,
  formatNames,
  formatOptions,
  type JsonObject,
  listed,
  type OptionValues,
  UNKNOWN_OBJECTS,
  type VerifyLevel,
  withArticle,
} from '@caissa/formats';
import { Command, Option } from 'commander';
import { EXIT_HELP } from './exit-codes.js';
import {
  addFormats,
  addMetadata,
  readApiKey,
  readLevel,
  readSourceDate,
  readUrl,
  readWithin,
} from './option-values.js';
import type { Terminal } from './terminal.js';

/** What `export` was asked to do. */
export interface ExportOptions extends OptionValues, ReadOptions {
  readonly format: readonly Format[];
  readonly out: string;
  readonly verify: VerifyLevel;
  readonly metadata: JsonObject;
  /** The date that names and metadata state. */
  readonly sourceDateEpoch: Date;
  readonly force: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What `inspect` was asked to do. */
export interface InspectOptions extends ReadOptions {
  readonly tensors: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What `upload` was asked to do. */
export interface UploadOptions {
  /** Address of the API. */
  readonly url: string;
  readonly apiKey?: string;
  readonly name?: string;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What the commands do; each returns its exit code. They are loaded when they are needed. */
export interface Commands {
  export(files: readonly string[], options: ExportOptions): Promise<number>;
  inspect(file: string, options: InspectOptions): Promise<number>;
  upload(file: string, options: UploadOptions): Promise<number>;
}

const EXAMPLES = `
Examples:
  caissa export model_v1.pt --out exports
  caissa export *.pt --format pytorch,onnx --opset 17 --verify full
  caissa export model_v1.pt --metadata exported_by=me --metadata win_rate=0.75 --json
  caissa inspect model_v1.pt --tensors
  caissa upload model_v1.pt --url https://chess.example.com`;

const NAMES = formatNames();
const FACTS = NAMES.map(factsOf);

/** What lies beside a file of each format, as the end of a sentence. */
const BESIDE = FACTS.flatMap(({ label, extension, metadataExtension, dataAbove }) => [
  ...(metadataExtension ? [`${withArticle(label)} file gets its metadata beside it\nas .${metadataExtension}`] : []),
  ...(dataAbove ? [`one of more than ${dataAbove} also its weights, as .${extension}.data`] : []),
]).join('; ');

const EXTENSIONS = listed(
  FACTS.map(({ extension }) => `.${extension}`),
  'or',
);

const EXPORT_EXAMPLES = `
Each export is written as {model}_export_{YYYYMMDD_HHMMSS}${EXTENSIONS} (UTC), and ${BESIDE}. A file appears when it is complete and verified, and takes no other file's place unless --force says so:
then model, data and metadata are replaced together. Of several checkpoints of one name in one call the second is
written as ..._2, the third as ..._3: none takes the place of another.
${EXAMPLES}`;

/** The command line: what can be said, and its help. `parseAsync` throws CommanderError where it ends early. */
export function commandLine(commands: Commands, version: string, terminal: Terminal, done: (code: number) => void) {
  const program = new Command('caissa')
    .description('Exports, inspects and uploads checkpoints of AlphaZero chess networks.')
    .version(version)
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
    .showHelpAfterError('(caissa --help says what can be said)')
    .addHelpText('after', `${EXAMPLES}\n${EXIT_HELP}`);
  const labels = FACTS.map(({ label }) => label);
  const exporting = program
    .command('export')
    .description(`exports checkpoints to ${listed(labels, 'and')} files`)
    .argument('<file...>', 'checkpoints')
    .addOption(
      new Option(
        '--format <formats>',
        `${NAMES.join(', ')} or ${NAMES.length === 2 ? 'both' : 'several'}: may be repeated`,
      ).argParser(addFormats),
    )
    .option('--out <folder>', 'where to; it is made if need be', '.');
  for (const [name, facts] of formatOptions()) {
    const { label, min, max, placeholder } = facts;
    const read = (text: string) => readWithin(facts, text);
    exporting.option(`--${name} <${placeholder}>`, `${label}, ${min} to ${max}`, read, facts.default);
  }
  addReadingOptions(exporting)
    .option(
      '--verify <level>',
      'none, quick (weights and outputs compared with the checkpoint) or full (on chess positions too)',
      readLevel,
      DEFAULT_VERIFY_LEVEL,
    )
    .addOption(
      new Option(
        '--metadata <key=value>',
        'goes into the export; a value is JSON or else text; may be repeated',
      ).argParser(addMetadata),
    )
    .addOption(
      new Option(
        '--source-date-epoch <seconds>',
        'the date that names and metadata state, in seconds since 1970: the same input then gives the same model files',
      )
        .env('SOURCE_DATE_EPOCH')
        .default(new Date(), 'now')
        .argParser(readSourceDate),
    )
    .option('--force', 'replaces exports of the same name, with what lies beside them', false)
    .option('--json', 'one JSON object on standard output', false)
    .option('--quiet', 'says nothing but errors', false)
    .addHelpText('after', `${EXPORT_EXAMPLES}\n${EXIT_HELP}`)
    .action(async (files: string[], { format = [DEFAULT_FORMAT], metadata = {}, ...options }) => {
      done(await commands.export(files, { format, metadata, ...options }));
    });
  const inspecting = program
    .command('inspect')
    .description('tells what a checkpoint is, and whether its weights are sound')
    .argument('<file>', 'a checkpoint');
  addReadingOptions(inspecting)
    .option('--tensors', 'lists its tensors too', false)
    .option('--json', 'one JSON object on standard output', false)
    .option('--quiet', 'says nothing but errors: the exit code is the answer', false)
    .addHelpText('after', `${EXAMPLES}\n${EXIT_HELP}`)
    .action(async (file: string, options: InspectOptions) => done(await commands.inspect(file, options)));
  addUpload(program, commands, done);
  return program;
}

/** The command that sends a checkpoint to a running system. */
function addUpload(program: Command, commands: Commands, done: (code: number) => void): void {
  program
    .command('upload')
    .description(
      'sends a checkpoint to a running API; after a cut it goes on where it was, also when it is started again',
    )
    .argument('<file>', 'a checkpoint')
    .addOption(
      new Option('--url <url>', 'address of the API')
        .env('CAISSA_URL')
        .default('http://127.0.0.1:8001')
        .argParser(readUrl),
    )
    .addOption(
      new Option('--api-key <key>', 'an access key of an operator').env('CAISSA_API_KEY').argParser(readApiKey),
    )
    .option('--name <name>', 'what the model is to be called, instead of what its file is')
    .option('--json', 'one JSON object on standard output', false)
    .option('--quiet', 'says nothing but errors: the exit code is the answer', false)
    .addHelpText('after', `${EXAMPLES}\n${EXIT_HELP}`)
    .action(async (file: string, options: UploadOptions) => done(await commands.upload(file, options)));
}

/** What may be said of the reading of a checkpoint, whatever is done with it. */
function addReadingOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--weights <path>', 'the weights to take, such as ema.module, where a file holds several networks'),
    )
    .addOption(
      new Option(
        '--unknown-objects <what>',
        'what becomes of objects of unknown classes: left out with a warning, or the file is refused',
      )
        .choices(UNKNOWN_OBJECTS)
        .default(DEFAULT_UNKNOWN_OBJECTS),
    )
    .option('--strict-architecture', 'refuses weights that are not of the architecture that the file declares', false);
}
