import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FULL_SIZE } from '@caissa/chess';
import { openCheckpoint, verifyOnnx, withFile } from '@caissa/conversion';
import { PyDict } from '@caissa/pytorch';
import { fixturePath } from '@caissa/testing/fixtures';
import { smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ended, runCaissa, startCaissa, startCaissaBy, writeSaved } from '../test-support/run-caissa.js';
import type { ExportOptions } from './command-line.js';
import { type ExportWatch, exportFile, openForExport } from './export-file.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-cli-'));
  await writeSaved(join(folder, 'model_v1.pt'), smallRoot());
});
afterEach(() => rm(folder, { recursive: true }));

const run = (...args: string[]) => runCaissa(folder, 'export', ...args);
const made = async () => (await readdir(join(folder, 'out'))).sort();

describe('caissa export', () => {
  it('makes verified files of both formats, and the metadata beside the ONNX file', async () => {
    const { code, out, err } = await run('model_v1.pt', '--format', 'onnx,pytorch', '--verify', 'full', '--out', 'out');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const names = await made();
    expect(names.map((name) => name.replace(/\d{8}_\d{6}/, 'TIME'))).toEqual([
      'model_v1_export_TIME.json',
      'model_v1_export_TIME.onnx',
      'model_v1_export_TIME.pt',
    ]);
    expect(out.split('\n').map((line) => line.split('  ')[0])).toEqual([`out/${names[1]}`, `out/${names[2]}`, '']);
    const { metadata } = await withFile(join(folder, 'out', names[2] ?? ''), openCheckpoint);
    expect(metadata['source_model']).toBe('model_v1');
    expect(JSON.parse(await readFile(join(folder, 'out', names[0] ?? ''), 'utf8'))).toMatchObject({
      version: 7,
      opset_version: 11,
      verification: { level: 'full' },
    });
  });

  it('answers one JSON object and nothing else with --json', async () => {
    await writeSaved(join(folder, 'other.pt'), smallRoot());
    const args = ['--metadata', 'rate=0.9', '--metadata', 'by=me', '--opset', '17', '--verify', 'none', '--json'];
    const { code, out, err } = await run('model_v1.pt', 'missing.pt', 'other.pt', '--out', 'out', ...args);
    expect(code).toBe(3);
    expect(err).toBe('caissa: missing.pt: There is no such file or folder. (ENOENT)\n');
    const { exports, failures } = JSON.parse(out);
    expect(failures).toEqual([{ file: 'missing.pt', code: 'ENOENT', message: expect.any(String) }]);
    expect(exports).toMatchObject([{ file: 'model_v1.pt', format: 'onnx' }, { file: 'other.pt' }]);
    expect(exports[0].metadata).toMatchObject({ rate: 0.9, by: 'me', opset_version: 17 });
    expect(exports[0].metadata_path).toMatch(/^out\/model_v1_export_.*\.json$/);
  });

  it.each([[], ['--force']])('numbers checkpoints of one name in one call, with %o', async (...force) => {
    for (const run of ['run1', 'run2']) await mkdir(join(folder, run));
    const files = ['model_v1.pt', 'run1/model_v1.pth.tar', 'run2/MODEL_V1.pt'];
    for (const file of files.slice(1)) await copyFile(join(folder, 'model_v1.pt'), join(folder, file));
    const { code, out } = await run(...files, ...force, '--verify', 'none', '--out', 'out', '--json');
    expect(code).toBe(0);
    const paths = JSON.parse(out).exports.map(({ path }: { path: string }) => path.replace(/\d{8}_\d{6}/, 'TIME'));
    expect(paths).toEqual(
      ['', '_2', '_3'].map((number, index) => {
        return `out/${index === 2 ? 'MODEL_V1' : 'model_v1'}_export_TIME${number}.onnx`;
      }),
    );
    expect(await made()).toHaveLength(6);
  });

  it('makes the same files of one source date, whatever time, zone and language it is', async () => {
    const warned = smallRoot();
    for (const key of ['ema', 'optimizer', 'other']) warned.set(key, smallStateDict());
    await writeSaved(join(folder, 'model_v1.pt'), warned);
    const surroundings = [
      ['TZ=Asia/Kathmandu', 'LC_ALL=tr_TR.UTF-8'],
      ['TZ=America/St_Johns', 'LC_ALL=C'],
    ];
    const args = ['export', 'model_v1.pt', '--format', 'onnx,pytorch', '--quiet', '--out'];
    for (const [index, variables] of surroundings.entries()) {
      const starter: [string, ...string[]] = ['env', 'SOURCE_DATE_EPOCH=1700000000', ...variables];
      expect(await ended(startCaissaBy(starter, folder, ...args, `out${index}`))).toMatchObject({ code: 0, err: '' });
    }
    expect((await run('model_v1.pt', '--source-date-epoch', '1700000000', '--out', 'out2')).code).toBe(0);
    const names = await readdir(join(folder, 'out0'));
    expect(names.map((name) => name.replace('model_v1_export_20231114_221320', ''))).toEqual(['.json', '.onnx', '.pt']);
    for (const other of ['out1', 'out2']) {
      for (const name of await readdir(join(folder, other))) {
        const files = ['out0', other].map((out) => readFile(join(folder, out, name), 'latin1'));
        expect(await files[0]).toBe(await files[1]);
      }
    }
    expect(JSON.parse(await readFile(join(folder, 'out0', names[0] ?? ''), 'utf8'))).toMatchObject({
      export_date: '2023-11-14T22:13:20Z',
      warnings: expect.arrayContaining([expect.stringContaining('"ema"')]),
    });
  });

  it('takes an empty source date for none', async () => {
    const starter: [string, ...string[]] = ['env', 'SOURCE_DATE_EPOCH='];
    const { out } = await ended(startCaissaBy(starter, folder, 'export', 'model_v1.pt', '--verify', 'none', '--json'));
    expect(Date.now() - Date.parse(JSON.parse(out).exports[0].metadata.export_date)).toBeLessThan(60_000);
  });

  it.each(['yesterday', '-1', '1.5', '99999999999999'])('refuses the source date %s', async (date) => {
    const { code, err } = await ended(
      startCaissaBy(['env', `SOURCE_DATE_EPOCH=${date}`], folder, 'export', 'model_v1.pt', '--out', 'out'),
    );
    expect(code).toBe(2);
    expect(err).toMatch(/SOURCE_DATE_EPOCH.*seconds since 1970/);
  });

  it('says nothing with --quiet', async () => {
    expect(await run('model_v1.pt', '--verify', 'none', '--quiet', '--out', 'out')).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    expect(await made()).toHaveLength(2);
  });
});

describe('a checkpoint that holds more than its network', () => {
  beforeEach(async () => {
    const own = smallStateDict();
    own.set('n_averaged', smallStateDict().get('bn_input.bias') ?? null);
    const root = new PyDict([
      ['model', own],
      ['ema', smallStateDict()],
    ]);
    await writeSaved(join(folder, 'run.pt'), root);
  });

  it('is exported with a note on each thing that is not carried', async () => {
    const { code, err } = await run('run.pt', '--verify', 'none', '--out', 'out', '--format', 'onnx,pytorch');
    expect(code).toBe(0);
    expect(err).toMatch(/^Note: run\.pt: [^\n]*"ema"[^\n]*\nNote: run\.pt: "n_averaged" [^\n]*\n$/);
    const { out, ...rest } = await run('run.pt', '--verify', 'none', '--out', 'out', '--force', '--json');
    expect(rest).toEqual({ code: 0, err: '' });
    const [exported] = JSON.parse(out).exports;
    expect(exported.warnings).toEqual(exported.metadata.warnings);
    expect(exported.warnings).toHaveLength(2);
    expect(await run('run.pt', '--verify', 'none', '--out', 'out', '--force', '--quiet')).toMatchObject({ err: '' });
  });

  it('gives the weights that are asked for, or says which there are', async () => {
    const args = ['--verify', 'full', '--format', 'pytorch', '--out', 'out'];
    expect(await run('run.pt', ...args, '--weights', 'ema')).toMatchObject({ code: 0, err: '' });
    const { metadata } = await withFile(join(folder, 'out', (await made())[0] ?? ''), openCheckpoint);
    expect(metadata).toMatchObject({ weights_path: 'ema' });
    expect(metadata).not.toHaveProperty('warnings');
    const { code, err } = await run('run.pt', ...args, '--weights', 'best');
    expect(code).toBe(1);
    expect(err).toMatch(/^caissa: run\.pt: [^\n]*"best"[^\n]*"model"[^\n]*"ema"[^\n]* \(ARCHITECTURE_UNKNOWN\)\n$/);
  });
});

describe('caissa export refuses', () => {
  it.each([['torchscript.pt', 'TORCHSCRIPT']])('%s with exit code 1 and leaves nothing', async (name, reason) => {
    await copyFile(fixturePath(name), join(folder, name));
    const { code, out, err } = await run(name, '--out', 'out');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(new RegExp(`^caissa: ${name}: .*\\. \\(${reason}\\)\\n$`));
    expect(await made()).toEqual([]);
  });

  it.each([
    [['--opset', '10']],
    [['--format', 'tflite']],
    [['--verify', 'some']],
    [['--metadata', 'alone']],
    [['--unknown']],
    [['--unknown-objects', 'keep']],
  ])('%o with exit code 2', async (args) => {
    const { code, out, err } = await run('model_v1.pt', ...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^error: /);
  });

  it('no file at all, and no command, with exit code 2', async () => {
    expect((await run()).code).toBe(2);
    expect((await runCaissa(folder)).code).toBe(2);
  });

  it.runIf(process.getuid?.() !== 0)('a folder that cannot be written with exit code 3', async () => {
    await mkdir(join(folder, 'out'));
    await chmod(join(folder, 'out'), 0o500);
    expect(await run('model_v1.pt', '--out', 'out')).toMatchObject({ code: 3, err: /EACCES/ });
  });

  it('a folder that is a file with exit code 3', async () => {
    await writeFile(join(folder, 'out'), '');
    const { code, err } = await run('model_v1.pt', '--out', 'out/inner');
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('(ENOTDIR)') });
  });

  it('to fill a disk with exit code 3, and leaves nothing', async () => {
    // The shell counts in blocks of 512 or 1024 bytes, both less than the export; Node.js ignores SIGXFSZ.
    const command = `ulimit -f 100; exec "$@"`;
    const { code, err } = await ended(startLimited(command, '--out', 'out', '--verify', 'none'));
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('(EFBIG)') });
    expect(await made()).toEqual([]);
  });

  const startLimited = (command: string, ...args: string[]) =>
    startCaissaBy(['sh', '-c', command, 'sh'], folder, 'export', 'model_v1.pt', ...args);
});

describe('exportFile', () => {
  const sourceDateEpoch = new Date('2025-10-07T03:11:38.250Z');
  const STEM = 'model_v1_export_20251007_031138';
  const options = (change: Partial<ExportOptions>): ExportOptions => ({
    ...{ format: [], out: folder, opset: 11, verify: 'none', metadata: {}, force: false, json: false, quiet: false },
    sourceDateEpoch,
    ...change,
  });
  const exportOnce = (
    format: 'onnx' | 'pytorch',
    change: Partial<ExportOptions> = {},
    watch: Partial<ExportWatch> = {},
  ) => {
    const { signal } = new AbortController();
    const path = join(folder, 'model_v1.pt');
    return withFile(path, async (source) =>
      exportFile(await openForExport(path, source, signal), format, options(change), {
        signal,
        report: () => undefined,
        ...watch,
      }),
    );
  };

  it.each([
    ['pytorch', `${STEM}.pt`],
    ['onnx', `${STEM}.onnx`],
    ['onnx', `${STEM}.json`],
  ] as const)('takes no existing file’s place unless it is told to (%s, %s)', async (format, name) => {
    await writeFile(join(folder, name), 'mine');
    await expect(exportOnce(format)).rejects.toMatchObject({ failure: { exitCode: 3, code: 'EEXIST' } });
    expect(await readFile(join(folder, name), 'utf8')).toBe('mine');
    expect(await readdir(folder)).toHaveLength(2);
    const { path, size_bytes: sizeBytes } = await exportOnce(format, { force: true });
    expect((await readFile(path)).length).toBe(sizeBytes);
    expect(await readFile(join(folder, name), 'utf8')).not.toBe('mine');
  });

  it('writes the weights of a model that is too large for one file beside it, which it names', async () => {
    const large = { maxFileBytes: 10_000 };
    const made = await exportOnce('onnx', { verify: 'full' }, large);
    const names = [`${STEM}.json`, `${STEM}.onnx`, `${STEM}.onnx.data`];
    expect((await readdir(folder)).sort()).toEqual(['model_v1.pt', ...names]);
    const data = await readFile(join(folder, `${STEM}.onnx.data`));
    const sha256 = createHash('sha256').update(data).digest('hex');
    expect(made).toMatchObject({
      data_path: join(folder, `${STEM}.onnx.data`),
      data_size_bytes: data.length,
      data_sha256: sha256,
      metadata: { sha256: made.sha256, data_sha256: sha256, verification: { level: 'full' } },
    });
    const model = await readFile(made.path);
    expect([model.length, createHash('sha256').update(model).digest('hex')]).toEqual([made.size_bytes, made.sha256]);
    const dataFile = { filename: `${STEM}.onnx.data`, sizeBytes: data.length };
    await withFile(join(folder, 'model_v1.pt'), async (source) =>
      verifyOnnx(made.path, await openCheckpoint(source), 'full', { dataFile }),
    );
    await expect(exportOnce('onnx', {}, large)).rejects.toMatchObject({ failure: { code: 'EEXIST' } });
    expect((await exportOnce('onnx', { force: true }, large)).data_sha256).toBe(sha256);
  });

  it('leaves none of two files if another has taken the name of one meanwhile', async () => {
    const report = () => writeFileSync(join(folder, `${STEM}.onnx`), 'mine');
    await expect(exportOnce('onnx', {}, { maxFileBytes: 10_000, report })).rejects.toMatchObject({
      failure: { code: 'EEXIST' },
    });
    expect((await readdir(folder)).sort()).toEqual(['model_v1.pt', `${STEM}.onnx`]);
    expect(await readFile(join(folder, `${STEM}.onnx`), 'utf8')).toBe('mine');
  });

  it('writes both formats of one second side by side', async () => {
    await exportOnce('pytorch');
    await exportOnce('onnx');
    expect((await readdir(folder)).sort()).toEqual(['model_v1.pt', `${STEM}.json`, `${STEM}.onnx`, `${STEM}.pt`]);
  });
});

describe('caissa export, interrupted', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s half-way leaves nothing', async (signal, expected) => {
    const root = smallRoot(smallStateDict('', { ...FULL_SIZE, channels: 256 }));
    root.delete('architecture');
    await writeSaved(join(folder, 'large.pt'), root);
    const child = startCaissa(folder, 'export', 'large.pt', '--format', 'pytorch', '--out', 'out', '--verify', 'full');
    const ending = ended(child);
    await expect.poll(made, { interval: 1 }).toEqual([expect.stringMatching(/^\.tmp-/)]);
    child.kill(signal);
    expect(await ending).toEqual({ code: expected, out: '', err: 'caissa: interrupted\n' });
    expect(await made()).toEqual([]);
  });

  it('does its work though nobody reads what it says', async () => {
    const child = startCaissa(folder, 'export', 'model_v1.pt', '--out', 'out', '--verify', 'none');
    child.stdout?.destroy();
    child.stderr?.destroy();
    expect((await ended(child)).code).toBe(0);
    expect(await made()).toHaveLength(2);
  });
});
