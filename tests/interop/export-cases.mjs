// Exports checkpoints in both formats, each file as an exporter writes it: from disk to disk, through the same code.
//
//   node export-cases.mjs CASES_JSON OUT_DIR
//
// OUT_DIR gets the exports, and exports.json: a list of {case, format, opset, external, file}, or with `error` for `file`.
// External models have their weights in another file, as those have that are too large for one.

import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FileSource, writeFileWhole } from '@caissa/bytes';
import { describeCheckpoint, exportOnnx, exportPytorch, openCheckpoint } from '@caissa/conversion';

/** What the system adds to every export's metadata. */
const ADDED = { export_format: 'interop', note_of_export: 'König ♔', attempts: 1 };

const asText = (value) => (typeof value === 'string' ? value : JSON.stringify(value));

const exportsOf = (oneCase) => [
  { case: oneCase.name, format: 'pytorch', opset: 0, external: false, filename: `${oneCase.name}.exported.pt` },
  ...oneCase.opsets.map((opset) => ({
    case: oneCase.name,
    format: 'onnx',
    opset,
    external: false,
    filename: `${oneCase.name}.opset${opset}.onnx`,
  })),
  ...oneCase.opsets.slice(0, 1).map((opset) => ({
    case: oneCase.name,
    format: 'onnx',
    opset,
    external: true,
    filename: `${oneCase.name}.opset${opset}.external.onnx`,
  })),
];

const onnxOptions = (checkpoint, opset) => {
  const entries = Object.entries({ ...describeCheckpoint(checkpoint).metadata, ...ADDED });
  return { opset, metadata: Object.fromEntries(entries.map(([key, value]) => [key, asText(value)])) };
};

const writeExternal = async (checkpoint, file, opset) => {
  const { external } = await writeFileWhole(`${file}.data`, (data) =>
    exportOnnx(checkpoint, data, {
      ...onnxOptions(checkpoint, opset),
      maxFileSizeBytes: 0,
      beginData: async () => data,
    }),
  );
  await writeFile(file, external.encode(`${basename(file)}.data`));
};

const write = (checkpoint, file, { format, opset, external }) => {
  if (external) return writeExternal(checkpoint, file, opset);
  return writeFileWhole(file, (sink) =>
    format === 'pytorch'
      ? exportPytorch(checkpoint, sink, { metadata: ADDED })
      : exportOnnx(checkpoint, sink, onnxOptions(checkpoint, opset)),
  );
};

const exportOne = async (source, { filename, ...wanted }, folder) => {
  const file = join(folder, filename);
  try {
    const checkpoint = await openCheckpoint(source);
    await write(checkpoint, file, wanted);
    return { ...wanted, file };
  } catch (error) {
    return { ...wanted, error: String(error) };
  }
};

const [casesFile, folder] = process.argv.slice(2);
const done = [];
for (const oneCase of JSON.parse(await readFile(casesFile, 'utf8'))) {
  const source = await FileSource.open(oneCase.file);
  for (const wanted of exportsOf(oneCase)) done.push(await exportOne(source, wanted, folder));
  await source.close();
}
await writeFile(join(folder, 'exports.json'), JSON.stringify(done));
for (const { case: name, format, error } of done) {
  const status = error === undefined ? 'passed' : 'failed';
  const group = `export to ${format}`;
  process.stdout.write(`${JSON.stringify({ group, case: name, status, detail: error ?? '' })}\n`);
}
