import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromJson } from '@caissa/pytorch';
import { fixturePath } from '@caissa/testing/fixtures';
import { smallRoot, smallStateDict } from '@caissa/testing/small-checkpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, runCaissa, startCaissa, writeSaved } from '../test-support/run-caissa.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'caissa-cli-'));
  const root = smallRoot();
  root.set('metadata', fromJson({ version: 7, note: 'red \u001b[31m\nalert' }));
  await writeSaved(join(folder, 'model_v1.pt'), root);
});
afterAll(() => rm(folder, { recursive: true }));

const run = (...args: string[]) => runCaissa(folder, 'inspect', ...args);

describe('caissa inspect', () => {
  it('tells what a checkpoint is, in letters that do nothing to a terminal', async () => {
    const { code, out, err } = await run('model_v1.pt');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const bytes = await readFile(join(folder, 'model_v1.pt'));
    expect(out).toContain(createHash('sha256').update(bytes).digest('hex'));
    expect(out).toContain('4 channels, 1 residual blocks');
    expect(out).toContain('note: red \\u{1b}[31m\\u{a}alert\n');
    expect(out).not.toContain('conv_input.weight');
  });

  it('lists tensors when it is asked to', async () => {
    expect((await run('model_v1.pt', '--tensors')).out).toMatch(/^ {2}\S+weight {2}float32 \[4, 14, 3, 3\]$/m);
  });

  it('answers JSON', async () => {
    const { out } = await run('model_v1.pt', '--json');
    expect(JSON.parse(out)).toMatchObject({
      file: 'model_v1.pt',
      architecture: { num_channels: 4, num_res_blocks: 1, policy_planes: 1, value_planes: 1, value_hidden: 4 },
      version: 7,
      metadata: { note: 'red \u001b[31m\nalert' },
    });
    expect(JSON.parse(out)).not.toHaveProperty('tensors');
    expect(JSON.parse((await run('model_v1.pt', '--json', '--tensors')).out).tensors[0]).toMatchObject({
      dtype: 'float32',
    });
  });

  it('tells what a checkpoint holds beside its network, or refuses it for that', async () => {
    await copyFile(fixturePath('whole_module.pt'), join(folder, 'module.pt'));
    const warned = smallRoot();
    warned.set('ema', smallStateDict());
    await writeSaved(join(folder, 'two.pt'), warned);
    const { out } = await run('two.pt');
    const { warnings } = JSON.parse((await run('two.pt', '--json')).out);
    expect(warnings).toEqual([expect.stringContaining('"ema"')]);
    expect(out).toContain(`\nwarnings\n  ${warnings[0]}\n`);
    expect((await run('two.pt', '--weights', 'ema', '--quiet')).code).toBe(0);
    expect((await run('module.pt', '--quiet')).code).toBe(0);
    const strict = await run('module.pt', '--unknown-objects', 'refuse', '--quiet');
    expect(strict).toMatchObject({ code: 1, err: expect.stringContaining('(PICKLE_GLOBAL)') });
  });

  it('refuses a bad file with its code', async () => {
    await copyFile(fixturePath('torchscript.pt'), join(folder, 'script.pt'));
    const { code, out, err } = await run('script.pt', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ file: 'script.pt', failure: { code: 'TORCHSCRIPT' } });
    expect(err).toMatch(/^caissa: script\.pt: .*\(TORCHSCRIPT\)\n$/);
    await writeFile(join(folder, 'text.pt'), 'no checkpoint');
    expect(await run('text.pt', '--quiet')).toMatchObject({ code: 1, out: '' });
    expect((await run('missing.pt')).code).toBe(3);
  });

  it('ends well though its reader has gone', async () => {
    const child = startCaissa(folder, 'inspect', 'model_v1.pt', '--tensors');
    child.stdout?.destroy();
    expect(await ended(child)).toMatchObject({ code: 0, err: '' });
  });
});

it.each(['--help', 'export --help', 'inspect --help', '--version'])('answers %s', async (line) => {
  const { code, out, err } = await runCaissa(folder, ...line.split(' '));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(line === '--version' ? /^\d+\.\d+\.\d+\n$/ : /Examples:.*Exit codes:/s);
});
