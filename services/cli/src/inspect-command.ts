import { INTERFACE_CARD } from '@caissa/chess/interface-card';
import { type Examination, examineCheckpoint } from '@caissa/conversion';
import type { JsonObject } from '@caissa/formats';
import type { InspectOptions } from './command-line.js';
import { EXIT } from './exit-codes.js';
import { failureLine } from './export-command.js';
import { explain } from './failure.js';
import { ProgressLine } from './progress-line.js';
import { printable, printableJson, readableSize, type Terminal } from './terminal.js';

const LABEL_WIDTH = 14;

/** Tells what a checkpoint is. Returns the exit code. */
export async function runInspect(file: string, options: InspectOptions, terminal: Terminal): Promise<number> {
  const { signal } = terminal;
  const progress = new ProgressLine(terminal, !options.json && !options.quiet);
  try {
    const report = ({ stage, percent }: { stage: string; percent: number }) => progress.show(file, stage, percent);
    const examination = await examineCheckpoint(file, { signal, report }, options);
    progress.clear();
    if (options.json) terminal.out(`${printableJson(toJson(file, examination, options))}\n`);
    else if (!options.quiet) terminal.out(toText(file, examination, options));
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

function toJson(file: string, { sizeBytes, sha256, description }: Examination, options: InspectOptions): object {
  const { tensors, ...known } = description;
  return { file, size_bytes: sizeBytes, sha256, ...known, ...(options.tensors ? { tensors } : {}) };
}

function toText(file: string, { sizeBytes, sha256, description }: Examination, options: InspectOptions): string {
  const { architecture, tensors, metadata, warnings } = description;
  const { num_channels: channels, num_res_blocks: blocks, input_shape: input, output_shapes: outputs } = architecture;
  return [
    `${printable(file)}, ${readableSize(sizeBytes)}`,
    row('sha256', sha256),
    row('network', `${channels} channels, ${blocks} residual blocks, ${architecture.parameters} parameters`),
    row('input', `[${input.join(', ')}]`),
    row('outputs', `policy [${outputs.policy}], value [${outputs.value}]`),
    row('value', INTERFACE_CARD.value),
    row('policy head', plural(architecture.policy_planes, 'plane')),
    row(
      'value head',
      `${plural(architecture.value_planes, 'plane')}, ${plural(architecture.value_hidden, 'hidden unit')}`,
    ),
    ...(architecture.batch_norm_eps === undefined ? [] : [row('norm eps', String(architecture.batch_norm_eps))]),
    row('tensors', options.tensors ? String(tensors.length) : `${tensors.length} (--tensors lists them)`),
    ...(options.tensors
      ? tensors.map(({ name, dtype, shape }) => `  ${printable(name)}  ${dtype} [${shape.join(', ')}]`)
      : []),
    'metadata',
    ...Object.entries(metadata).map(([name, value]) => `  ${printable(name)}: ${shown(value)}`),
    ...(warnings.length > 0 ? ['warnings', ...warnings.map((warning) => `  ${printable(warning)}`)] : []),
    '',
  ].join('\n');
}

function row(label: string, text: string): string {
  return label.padEnd(LABEL_WIDTH) + text;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function shown(value: JsonObject[string]): string {
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}
