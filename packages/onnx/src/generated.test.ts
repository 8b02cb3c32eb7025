import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { onnx } from '../generated/onnx.js';

const packageUrl = new URL('../', import.meta.url);

describe('generated/onnx.js', () => {
  it('is what `npm run generate` makes of proto/onnx.proto', async () => {
    const { scripts } = JSON.parse(await readFile(new URL('package.json', packageUrl), 'utf8'));
    const folder = await mkdtemp(join(tmpdir(), 'caissa-onnx-'));
    try {
      const output = join(folder, 'onnx.js');
      const options: string[] = scripts.generate.split(' ').slice(1);
      const args = options.filter((option) => option !== '--dts');
      args[args.indexOf('-o') + 1] = output;
      const pbjs = createRequire(import.meta.url).resolve('protobufjs-cli/bin/pbjs');
      await promisify(execFile)(process.execPath, [pbjs, ...args], { cwd: packageUrl });
      const committed = await readFile(new URL('generated/onnx.js', packageUrl), 'utf8');
      expect(await readFile(output, 'utf8')).toBe(committed);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('puts fields under the numbers that ONNX publishes', () => {
    // Each message made of single-byte values, so that every other byte is a tag: number · 8 + wire type.
    const tags = (bytes: Uint8Array) => [...bytes].filter((_, i) => i % 2 === 0).map((tag) => tag >> 3);
    const model = { irVersion: 1, producerName: '', producerVersion: '', domain: '', modelVersion: 1, docString: '' };
    const lists = { graph: {}, opsetImport: [{}], metadataProps: [{}] };
    expect(tags(onnx.ModelProto.encode({ ...model, ...lists }).finish())).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 14]);
    const graph = {
      node: [{}],
      name: '',
      initializer: [{}],
      docString: '',
      input: [{}],
      output: [{}],
      valueInfo: [{}],
    };
    expect(tags(onnx.GraphProto.encode(graph).finish())).toEqual([1, 2, 5, 10, 11, 12, 13]);
    const node = { input: [''], output: [''], name: '', opType: '', attribute: [{}], docString: '', domain: '' };
    expect(tags(onnx.NodeProto.encode(node).finish())).toEqual([1, 2, 3, 4, 5, 6, 7]);
    const tensor = { dims: [1], dataType: 1, name: '', rawData: new Uint8Array(0), docString: '' };
    const external = { externalData: [{}], dataLocation: 1 };
    expect(tags(onnx.TensorProto.encode({ ...tensor, ...external }).finish())).toEqual([1, 2, 8, 9, 12, 13, 14]);
    const attribute = { name: '', i: 1, s: new Uint8Array(0), t: {}, ints: [1], strings: [new Uint8Array(0)] };
    expect(tags(onnx.AttributeProto.encode(attribute).finish())).toEqual([1, 3, 4, 5, 8, 9]);
    // 160 = 20·8 takes two bytes: type is field 20; f is field 2 of wire type 5.
    expect([...onnx.AttributeProto.encode({ type: 2 }).finish()]).toEqual([0xa0, 0x01, 2]);
    expect([...onnx.AttributeProto.encode({ f: 1 }).finish()]).toEqual([0x15, 0, 0, 0x80, 0x3f]);
    expect(tags(onnx.ValueInfoProto.encode({ name: '', type: {}, docString: '' }).finish())).toEqual([1, 2, 3]);
    expect(tags(onnx.TypeProto.encode({ tensorType: {}, denotation: '' }).finish())).toEqual([1, 6]);
    expect(tags(onnx.TypeProto.Tensor.encode({ elemType: 1, shape: {} }).finish())).toEqual([1, 2]);
    expect(tags(onnx.TensorShapeProto.encode({ dim: [{}] }).finish())).toEqual([1]);
    expect(tags(onnx.TensorShapeProto.Dimension.encode({ dimValue: 1 }).finish())).toEqual([1]);
    expect(tags(onnx.TensorShapeProto.Dimension.encode({ dimParam: '' }).finish())).toEqual([2]);
    expect(tags(onnx.OperatorSetIdProto.encode({ domain: '', version: 1 }).finish())).toEqual([1, 2]);
    expect(tags(onnx.StringStringEntryProto.encode({ key: '', value: '' }).finish())).toEqual([1, 2]);
  });
});
