import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fakeOutputs } from '../../test-support/fake-engine.js';
import {
  binaryRequest,
  errorOf,
  INFER,
  jsonRequest,
  nested,
  openProtocol,
  POSITION_BYTES,
  type ProtocolHarness,
  readBinary,
  someBoards,
} from '../../test-support/protocol-harness.js';

let server: ProtocolHarness;
beforeAll(async () => {
  server = await openProtocol();
});
afterAll(() => server.close());

describe('a body that is refused:', () => {
  const boards = someBoards(1);
  const send = async (request: ReturnType<typeof binaryRequest>) => server.post(INFER, request.body, request.headers);
  const whole = [...boards];

  test.each([
    ['size other than that of the shape', { input: { parameters: { binary_data_size: 3580 } } }, 'binary_data_size'],
    ['size as a text', { input: { parameters: { binary_data_size: '3584' } } }, 'binary_data_size'],
    ['a negative size', { input: { parameters: { binary_data_size: -1 } } }, 'binary_data_size'],
    ['fewer bytes than said', { tensor: new Uint8Array(POSITION_BYTES - 4) }, '3580 bytes follow'],
    ['bytes left over', { tensor: new Uint8Array(POSITION_BYTES + 1) }, '3585 bytes follow'],
    ['bytes that nobody claims', { input: { parameters: {}, data: whole } }, 'no input is said to be there'],
    ['data twice', { input: { data: [1] } }, 'both'],
    ['header beyond the body', { headerLength: '9999' }, 'has only'],
    ['header that is no number', { headerLength: '1e3' }, 'number of bytes'],
    ['negative header', { headerLength: '-5' }, 'number of bytes'],
    ['header within the JSON', { headerLength: '20' }, 'not JSON'],
    ['header within the tensor', { headerLength: '300' }, 'not JSON'],
    ['datatype FP64', { input: { datatype: 'FP64' } }, '"FP64"'],
    ['no datatype', { input: { datatype: undefined } }, 'datatype'],
    ['shape without a batch', { input: { shape: [14, 8, 8] } }, '[14,8,8]'],
    ['thirteen planes', { input: { shape: [1, 13, 8, 8] } }, '[1,13,8,8]'],
    ['half a position', { input: { shape: [0.5, 14, 8, 8] } }, 'shape'],
    ['a shape of texts', { input: { shape: ['1', 14, 8, 8] } }, 'shape'],
    ['no shape', { input: { shape: undefined } }, 'shape'],
    ['no positions', { input: { shape: [0, 14, 8, 8], parameters: { binary_data_size: 0 } } }, '1 to 4096'],
    ['minus one position', { input: { shape: [-1, 14, 8, 8] } }, '1 to 4096'],
    ['too many positions', { input: { shape: [4097, 14, 8, 8] } }, '1 to 4096'],
    ['a count that overflows', { input: { shape: [2 ** 60, 14, 8, 8] } }, 'shape'],
    ['another input', { input: { name: 'boards' } }, '"boards"'],
    ['a name that is no text', { input: { name: { a: 'x'.repeat(1000) } } }, 'no input'],
    ['no inputs', { body: { inputs: [] } }, 'board_input'],
    ['inputs that are no array', { body: { inputs: {} } }, 'board_input'],
    ['an input that is no object', { body: { inputs: [null] } }, 'no input'],
    ['two inputs', { body: { inputs: [{}, {}] } }, 'array of one'],
    ['an unknown output', { body: { outputs: [{ name: 'other' }] } }, '"other"'],
    ['an output that is no object', { body: { outputs: ['value_output'] } }, 'JSON object'],
    ['an output twice', { body: { outputs: [{ name: 'value_output' }, { name: 'value_output' }] } }, 'twice'],
    ['outputs that are no array', { body: { outputs: 'value_output' } }, 'array'],
    ['more outputs than there are', { body: { outputs: [{}, {}, {}] } }, 'more outputs'],
    ['an id that is no text', { body: { id: 7 } }, 'id'],
    ['parameters that are no object', { body: { parameters: [] } }, 'parameters'],
    ['a flag that is no flag', { body: { parameters: { binary_data_output: 1 } } }, 'binary_data_output'],
  ])('%s', async (_, change, words) => {
    const response = await send(binaryRequest(boards, change));
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error).toContain(words);
    expect(error.length).toBeLessThan(300);
  });

  test.each([
    ['nothing', '', 'empty'],
    ['no JSON', '{', 'not JSON'],
    ['an array', '[]', 'JSON object'],
    ['one number too few', jsonRequest(whole.slice(1)), '896 numbers'],
    ['one number too many', jsonRequest([...whole, 0]), '896 numbers'],
    ['a text among numbers', jsonRequest(['x', ...whole.slice(1)]), 'not a number'],
    ['null among numbers', jsonRequest([...whole.slice(1), null]), 'not a number'],
    ['true among numbers', jsonRequest([...whole.slice(1), true]), 'not a number'],
    ['an array among numbers', jsonRequest([...whole.slice(1), [1]]), '896 numbers'],
    ['nested otherwise than the shape', jsonRequest(nested(whole, [1, 8, 14, 8])), 'nested'],
    ['nested one level too few', jsonRequest([whole]), 'nested'],
    [
      'nested far too deep',
      jsonRequest(0).replace('"data":0', `"data":${'['.repeat(20_000)}${']'.repeat(20_000)}`),
      'nested',
    ],
    ['a number beyond float32', jsonRequest([1e39, ...whole.slice(1)]), 'finite'],
    [
      'a name nested far too deep',
      jsonRequest(0, 1, {}, { name: 0 }).replace('"name":0', `"name":${'['.repeat(90_000)}${']'.repeat(90_000)}`),
      'nested',
    ],
    ['a long id', jsonRequest(whole, 1, { id: 'x'.repeat(70_000) }), 'bytes of text'],
    ['no data', jsonRequest(undefined), 'array'],
    ['data that is an object', jsonRequest({ length: 896 }), 'array'],
    ['a size without the header', jsonRequest(undefined, 1, {}, { parameters: { binary_data_size: 3584 } }), 'header'],
  ])('%s', async (_, body, words) => {
    const response = await server.post(INFER, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toContain(words);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%f in the tensor', async (value) => {
    const damaged = someBoards(2);
    damaged[1000] = value;
    const response = await send(binaryRequest(damaged));
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toContain('Number 1000');
  });

  test.each([1, POSITION_BYTES - 4, POSITION_BYTES + 4, 4097 * POSITION_BYTES])(
    'a raw tensor of %i bytes',
    async (size) => {
      const response = await server.post(INFER, new Uint8Array(size), { 'Inference-Header-Content-Length': '0' });
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toContain('positions');
    },
  );

  test('more policies than JSON can hold', async () => {
    const many = someBoards(257);
    expect((await send(binaryRequest(many, { body: { parameters: {} } }))).status).toBe(400);
    const values = binaryRequest(many, { body: { parameters: {}, outputs: [{ name: 'value_output' }] } });
    expect((await send(values)).status).toBe(200);
  });

  test.each([
    [{ input: { parameters: { shared_memory_region: 'x', shared_memory_byte_size: 3584 } } }, 'Shared memory'],
    [{ body: { outputs: [{ name: 'value_output', parameters: { shared_memory_region: 'x' } }] } }, 'Shared memory'],
    [{ body: { outputs: [{ name: 'value_output', parameters: { classification: 3 } }] } }, 'Classification'],
  ])('%j is not offered', async (change, words) => {
    const response = await send(binaryRequest(boards, change));
    expect(response.status).toBe(501);
    expect(await errorOf(response)).toContain(words);
  });

  test.each([
    ['empty arrays', '[],'],
    ['empty objects', '{},'],
    ['members', '"a":0,'],
  ])('30 MB of %s, before anything is made of them', async (_, piece) => {
    const inner = piece.repeat((30 << 20) / piece.length) + piece.slice(0, -1);
    const body = jsonRequest(0).replace('"data":0', `"data":${piece.startsWith('"') ? `{${inner}}` : `[${inner}]`}`);
    const before = process.memoryUsage().rss;
    const response = await server.post(INFER, body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toContain('more than');
    expect(process.memoryUsage().rss - before).toBeLessThan(400 << 20);
  });

  test('65 MB, all of which is sent before the answer is read', async () => {
    const asked = server.engine.current.asked.length;
    const response = await server.post(INFER, new Uint8Array(65 << 20), { 'Inference-Header-Content-Length': '100' });
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toContain('67108864');
    expect(server.engine.current.asked).toHaveLength(asked);
  });

  test('65 MB without a length', async () => {
    const pieces = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 65; i++) controller.enqueue(new Uint8Array(1 << 20));
        controller.close();
      },
    });
    const response = await fetch(`${server.url}${INFER}`, { method: 'POST', body: pieces, duplex: 'half' });
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toContain('67108864');
  });

  test('the answers after it are right', async () => {
    const response = await send(binaryRequest(boards));
    expect((await readBinary(response)).tensors['value_output']).toEqual([...fakeOutputs(boards, 1).value]);
  });
});
