import { exportStem, METADATA_LIMIT_BYTES, METADATA_LIMIT_DEPTH } from '@caissa/formats';
import { describe, expect, test } from 'vitest';
import { exportRequestSchema } from './exports.js';
import { exportJobDataSchema } from './jobs.js';
import { callerMetadataSchema, metadataSchema } from './json.js';
import { filenameSchema, modelNameSchema, parseFilename, parseModelName, toMebibytes } from './names.js';

const BAD_NAMES = ['', '.', '..', '.hidden', '../x', 'a/b', 'a\\b', 'a b', 'a%2fb', 'a\0', 'ä', 'a\n', 'x'.repeat(300)];

describe('names', () => {
  test.each(['a', 'model_v1', 'A-1.2_x', '-x', '_', '123', '__proto__', 'x'.repeat(128)])('%s is one', (name) => {
    expect(parseModelName(name)).toBe(name);
    expect(parseFilename(name)).toBe(name);
    expect(modelNameSchema.safeParse(name).success).toBe(true);
  });

  test.each(BAD_NAMES)('%j is none', (name) => {
    expect(() => parseModelName(name)).toThrow(expect.objectContaining({ code: 'INVALID_NAME', status: 400 }));
    expect(() => parseFilename(name)).toThrow(expect.objectContaining({ code: 'INVALID_NAME' }));
    expect(modelNameSchema.safeParse(name).success).toBe(false);
    expect(filenameSchema.safeParse(name).success).toBe(false);
  });

  test('a model of the longest name has exports of valid names', () => {
    const model = 'x'.repeat(128);
    expect(() => parseModelName(`${model}x`)).toThrow();
    expect(parseFilename(`${exportStem(model, new Date())}_10000.onnx.manifest.json`)).toBeDefined();
  });
});

test.each([
  [0, 0],
  [1, 0],
  [5_243, 0.01],
  [1024 ** 2, 1],
  [40_930_000, 39.03],
  [4 * 1024 ** 3, 4096],
])('%i bytes are %f MiB', (bytes, mebibytes) => {
  expect(toMebibytes(bytes)).toBe(mebibytes);
});

test('metadata keeps a key such as __proto__, and is a JSON object', () => {
  const value = JSON.parse('{"__proto__":{"a":1},"b":null}');
  expect(JSON.stringify(metadataSchema.parse(value))).toBe('{"__proto__":{"a":1},"b":null}');
  for (const other of [null, [], 'x', 1]) expect(metadataSchema.safeParse(other).success).toBe(false);
});

describe('metadata of a caller', () => {
  const message = (value: unknown) => callerMetadataSchema.safeParse(value).error?.issues[0]?.message;
  const nested = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);

  test('is any JSON object within the limits, passed on unchanged', () => {
    const value = { a: [1, 'x', null, true, { b: [] }], constructor: 1, toString: {} };
    expect(callerMetadataSchema.parse(value)).toEqual(value);
    expect(message({})).toBeUndefined();
    expect(message(nested(METADATA_LIMIT_DEPTH))).toBeUndefined();
  });

  test.each([
    [[1], 'must be a JSON object'],
    [null, 'must be a JSON object'],
    ['x', 'must be a JSON object'],
    [undefined, 'must be a JSON object'],
    [{ a: Number.NaN }, 'must not hold numbers that are not finite'],
    [{ a: undefined }, 'must be JSON'],
    [{ a: () => 1 }, 'must be JSON'],
    [nested(METADATA_LIMIT_DEPTH + 1), `must not be nested deeper than ${METADATA_LIMIT_DEPTH} levels`],
    [JSON.parse('{"__proto__":{"admin":true}}'), 'must not hold a key named __proto__'],
    [JSON.parse('{"a":[{"__proto__":1}]}'), 'must not hold a key named __proto__'],
  ])('%j is refused', (value, expected) => {
    expect(message(value)).toBe(expected);
  });

  test('is counted in bytes, not characters', () => {
    const room = METADATA_LIMIT_BYTES - '{"a":""}'.length;
    expect(message({ a: 'x'.repeat(room) })).toBeUndefined();
    expect(message({ a: 'x'.repeat(room + 1) })).toBe(`must not exceed ${METADATA_LIMIT_BYTES} bytes of JSON`);
    expect(message({ a: 'ä'.repeat(room / 2 + 1) })).toBe(`must not exceed ${METADATA_LIMIT_BYTES} bytes of JSON`);
  });

  test.each([1_000, 30_000])('nested %i levels deep is refused, not a crash', (levels) => {
    const value = { a: JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`) };
    expect(message(value)).toBe(`must not be nested deeper than ${METADATA_LIMIT_DEPTH} levels`);
  });

  test('may be left out of a request, not out of a job', () => {
    expect(exportRequestSchema.parse({})).toEqual({});
    expect(exportRequestSchema.parse({ metadata: null })).toEqual({ metadata: null });
    const job = { model_name: 'm', format: 'onnx', options: {} };
    expect(exportJobDataSchema.safeParse(job).success).toBe(false);
    expect(exportJobDataSchema.parse({ ...job, metadata: {} }).options).toEqual({ opset: 11, verify: 'quick' });
  });

  test('weights are named by a path, or not at all', () => {
    const job = { model_name: 'm', format: 'onnx', metadata: {}, options: {} };
    for (const weights of ['ema.module', '0', 'x'.repeat(200)]) {
      expect(exportRequestSchema.parse({ weights })).toEqual({ weights });
      expect(exportJobDataSchema.parse({ ...job, weights })).toMatchObject({ weights });
    }
    expect(exportJobDataSchema.parse(job)).not.toHaveProperty('weights');
    for (const weights of ['', 'x'.repeat(201), 0, ['ema']]) {
      expect(exportRequestSchema.safeParse({ weights }).success).toBe(false);
    }
  });

  test('options out of range are refused, and those that are not known left out', () => {
    for (const options of [{ opset: 10 }, { opset: 27 }, { opset: 11.5 }, { verify: 'some' }, 'x']) {
      expect(exportRequestSchema.safeParse({ options }).success).toBe(false);
    }
    const usual = { opset: 11, verify: 'quick' };
    expect(exportRequestSchema.parse({ options: { typo: 1 }, typo: 1 })).toEqual({ options: usual });
  });
});
