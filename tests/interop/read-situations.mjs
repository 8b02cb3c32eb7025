// Reads files as training programs leave them, compares what is said of each with what is expected, and exports them.
//
//   node read-situations.mjs SITUATIONS_JSON OUT_DIR
//
// OUT_DIR gets the exports, and read.json: a list of {name, pytorch, onnx}, the paths of a file's exports.

import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { FileSource, writeFileWhole } from '@caissa/bytes';
import { describeCheckpoint, exportOnnx, exportPytorch, openCheckpoint } from '@caissa/conversion';

/** What is said of a file: what JSON shows of its metadata and the warnings, or the refusal; and its exports. */
const readOne = async ({ file }, folder) => {
  const source = await FileSource.open(file);
  try {
    const checkpoint = await openCheckpoint(source);
    const [pytorch, onnx] = ['pt', 'onnx'].map((extension) =>
      join(folder, `${basename(file, '.pt')}.exported.${extension}`),
    );
    await writeFileWhole(pytorch, (sink) => exportPytorch(checkpoint, sink, { metadata: {} }));
    await writeFileWhole(onnx, (sink) => exportOnnx(checkpoint, sink, { opset: 11, metadata: {} }));
    return {
      shown: describeCheckpoint(checkpoint).metadata,
      warnings: checkpoint.warnings,
      exports: { pytorch, onnx },
    };
  } catch (refusal) {
    return { refusal };
  } finally {
    await source.close();
  }
};

/** One may begin with a path in the file. */
const isOneSentence = (text) => /^\S[^\n]*\.$/u.test(text) && text.length <= 500;

const holdsOneOf = (text, words) => words.split('|').some((word) => text.includes(word));

const wrongInRefusal = ({ refused: [code, words] }, { refusal, warnings }) => {
  if (refusal === undefined) return `it was read, and it warned: ${warnings.join(' ')}`;
  if (refusal.name !== 'FormatError') return refusal.stack;
  if (code !== null && refusal.code !== code) return `${refusal.code} and not ${code}: ${refusal.message}`;
  return holdsOneOf(refusal.message, words)
    ? undefined
    : `it does not say "${words}": ${refusal.message} (${refusal.code})`;
};

const wrongInValues = ({ shown: expected }, { shown }) => {
  for (const [key, value] of Object.entries(expected)) {
    if (!isDeepStrictEqual(shown[key], value))
      return `${key} is shown as ${JSON.stringify(shown[key])}, not ${JSON.stringify(value)}`;
  }
  return undefined;
};

const wrongInWarnings = ({ warned }, { warnings }) => {
  const poor = warnings.find((warning) => !isOneSentence(warning));
  if (poor !== undefined) return `this is no sentence: ${poor.slice(0, 500)}`;
  const missing = warned.find((words) => !warnings.some((warning) => warning.includes(words)));
  return missing === undefined ? undefined : `no warning says "${missing}": ${warnings.join(' ')}`;
};

const judge = (situation, found) => {
  if (situation.refused.length > 0)
    return { 'it is refused with a sentence that helps': wrongInRefusal(situation, found) };
  if (found.refusal) return { 'it is read': `${found.refusal.message} (${found.refusal.code ?? found.refusal.stack})` };
  return {
    'it is read': undefined,
    'its metadata is shown': wrongInValues(situation, found),
    'its warnings are right': wrongInWarnings(situation, found),
  };
};

const [file, folder] = process.argv.slice(2);
const { situations } = JSON.parse(await readFile(file, 'utf8'));
const read = [];
for (const situation of situations) {
  const found = await readOne(situation, folder);
  if (found.exports !== undefined) read.push({ name: situation.name, ...found.exports });
  for (const [group, problem] of Object.entries(judge(situation, found))) {
    const result = {
      group,
      case: situation.name,
      status: problem === undefined ? 'passed' : 'failed',
      detail: problem ?? '',
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}
await writeFile(join(folder, 'read.json'), JSON.stringify(read));
