import { setImmediate } from 'node:timers/promises';
import { BufferSource, type ByteSource, FormatError } from '@caissa/bytes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DType, itemSizeBytes } from './dtype.js';
import { readFloat32, readFloat32Chunks } from './element-read.js';
import { contiguousStride, elementCount, type Tensor } from './tensor.js';

/** Bytes before the storage, odd on purpose: storages of legacy files lie anywhere. */
const STORAGE_OFFSET = 13;

function tensorOf(
  values: ArrayBufferView,
  dtype: DType,
  shape: readonly number[],
  stride: readonly number[] = contiguousStride(shape),
  offset = 0,
): Tensor {
  const bytes = new Uint8Array(STORAGE_OFFSET + values.byteLength);
  bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), STORAGE_OFFSET);
  const source = new BufferSource(bytes);
  const storage = { key: '0', dtype, sizeBytes: values.byteLength, source, offsetBytes: STORAGE_OFFSET };
  return { storage, dtype, shape, stride, offset };
}

async function collect(tensor: Tensor, chunkBytes?: number): Promise<number[]> {
  const all: number[] = [];
  for await (const chunk of readFloat32Chunks(tensor, chunkBytes === undefined ? {} : { chunkBytes })) {
    if (chunkBytes !== undefined) expect(chunk.byteLength).toBeLessThanOrEqual(Math.max(4, chunkBytes));
    for (const value of chunk) all.push(value);
  }
  return all;
}

/** Storage indices of a view in row-major order, one element at a time. */
function indicesOf({ shape, stride, offset }: Tensor): number[] {
  let indices = [offset];
  for (const [axis, size] of shape.entries()) {
    indices = indices.flatMap((index) => Array.from({ length: size }, (_, i) => index + i * (stride[axis] ?? 0)));
  }
  return indices;
}

const numbers = Float32Array.from({ length: 5_000 }, (_, i) => i + 0.5);

describe('contiguous tensors', () => {
  it.each([undefined, 1, 4, 12, 4_000, 20_000])('yields all elements in pieces of %s bytes', async (chunkBytes) => {
    const tensor = tensorOf(numbers, 'float32', [50, 100]);
    expect(await collect(tensor, chunkBytes)).toEqual([...numbers]);
    expect(await readFloat32(tensor)).toEqual(numbers);
  });

  it('starts at the offset and ignores the stride of axes of size 1', async () => {
    const tensor = tensorOf(numbers, 'float32', [1, 3], [77, 1], 10);
    expect(await collect(tensor)).toEqual([10.5, 11.5, 12.5]);
  });

  it('reads a scalar and tensors without elements', async () => {
    expect(await collect(tensorOf(numbers, 'float32', [], [], 7))).toEqual([7.5]);
    expect(await collect(tensorOf(numbers, 'float32', [3, 0, 2]))).toEqual([]);
    expect(await readFloat32(tensorOf(new Float32Array(0), 'float32', [0]))).toEqual(new Float32Array(0));
  });

  it('converts while it reads', async () => {
    const halves = Uint16Array.of(0x3c00, 0x4000, 0xbc00);
    expect(await collect(tensorOf(halves, 'float16', [3]), 4)).toEqual([1, 2, -1]);
    expect(await readFloat32(tensorOf(BigInt64Array.of(1n, -2n), 'int64', [2]))).toEqual(Float32Array.of(1, -2));
  });

  it('reads the next piece while the consumer has the last', async () => {
    const started: number[] = [];
    const tensor = tensorOf(numbers, 'float32', [5_000]);
    const { source } = tensor.storage;
    const watched: ByteSource = {
      sizeBytes: source.sizeBytes,
      readInto(target, offset) {
        started.push(offset - STORAGE_OFFSET);
        return source.readInto(target, offset);
      },
    };
    const chunks = readFloat32Chunks(
      { ...tensor, storage: { ...tensor.storage, source: watched } },
      { chunkBytes: 4_000 },
    );
    await chunks.next();
    expect(started).toEqual([0, 4_000]);
    await chunks.next();
    expect(started).toEqual([0, 4_000, 8_000]);
    await chunks.return(undefined);
  });

  it('ends its reads before a consumer that stops early goes on, and hides their failure', async () => {
    let underWay = 0;
    const source: ByteSource = {
      sizeBytes: 1e6,
      async readInto(_target, offset) {
        underWay++;
        await new Promise((resolve) => setTimeout(resolve, 5));
        underWay--;
        if (offset > 0) throw new FormatError('ZIP_TRUNCATED', 'cut');
      },
    };
    const storage = { key: '0', dtype: 'float32', sizeBytes: 1e6, source, offsetBytes: 0 } as const;
    const tensor: Tensor = { storage, dtype: 'float32', shape: [250_000], stride: [1], offset: 0 };
    for await (const _ of readFloat32Chunks(tensor, { chunkBytes: 4 })) break;
    expect(underWay).toBe(0);
    await expect(collect(tensor, 400_000)).rejects.toMatchObject({ code: 'ZIP_TRUNCATED' });
  });
});

describe('views', () => {
  it.each<[string, number[], number[], number]>([
    ['transposed', [100, 50], [1, 100], 0],
    ['with a slice of columns', [50, 3], [100, 1], 97],
    ['one column', [50], [100], 99],
    ['expanded', [3, 4], [0, 1], 5],
    ['wholly expanded', [2, 3], [0, 0], 4_999],
    ['overlapping windows', [10, 5], [2, 1], 0],
    ['channels last', [4, 3, 5, 5], [75, 1, 15, 3], 0],
  ])('reads a view that is %s', async (_name, shape, stride, offset) => {
    const tensor = tensorOf(numbers, 'float32', shape, stride, offset);
    const expected = indicesOf(tensor).map((index) => numbers[index]);
    expect(await collect(tensor, 100)).toEqual(expected);
    expect([...(await readFloat32(tensor))]).toEqual(expected);
  });

  it('reads any view of any type as element by element would', async () => {
    const axes = fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 40 })), { maxLength: 4 });
    const dtypes = fc.constantFrom<DType>('float32', 'int16', 'uint8', 'int64');
    await fc.assert(
      fc.asyncProperty(
        axes,
        fc.nat(50),
        dtypes,
        fc.integer({ min: 1, max: 700 }),
        async (dims, offset, dtype, bytes) => {
          const count = 1_000;
          const values = { float32: Float32Array, int16: Int16Array, uint8: Uint8Array, int64: BigInt64Array }[
            dtype as 'int16'
          ];
          const storage = dtype === 'int64' ? new BigInt64Array(count) : new values(count);
          for (let i = 0; i < count; i++) storage[i] = (dtype === 'int64' ? BigInt(i % 251) : i % 251) as never;
          const [shape, stride] = [dims.map(([size]) => size), dims.map(([, step]) => step)];
          const tensor = tensorOf(storage, dtype, shape, stride, offset);
          expect(await collect(tensor, bytes)).toEqual(indicesOf(tensor).map((index) => index % 251));
        },
      ),
      { numRuns: 150 },
    );
  });

  it('reads a large transposed matrix in few and bounded reads', async () => {
    const [rows, columns] = [3_000, 1_500];
    const values = Float32Array.from({ length: rows * columns }, (_, i) => i);
    const tensor = tensorOf(values, 'float32', [rows, columns], [1, rows]);
    let [reads, largest] = [0, 0];
    const { source } = tensor.storage;
    const counted: ByteSource = {
      sizeBytes: source.sizeBytes,
      readInto(target, offset) {
        reads++;
        largest = Math.max(largest, target.length);
        return source.readInto(target, offset);
      },
    };
    let [index, wrong] = [0, 0];
    for await (const chunk of readFloat32Chunks({ ...tensor, storage: { ...tensor.storage, source: counted } })) {
      for (const value of chunk) {
        if (value !== (index % columns) * rows + Math.floor(index / columns)) wrong++;
        index++;
      }
    }
    expect({ index, wrong }).toEqual({ index: rows * columns, wrong: 0 });
    expect(reads).toBeLessThan(200);
    expect(largest).toBeLessThanOrEqual(1 << 20);
  });

  it('skips what lies far between the rows of a huge storage', async () => {
    const rowBytes = 1e9;
    let bytesRead = 0;
    const source: ByteSource = {
      sizeBytes: 5 * rowBytes,
      async readInto(target, offset) {
        bytesRead += target.length;
        new Float32Array(target.buffer, target.byteOffset, target.length / 4).fill(Math.floor(offset / rowBytes));
      },
    };
    const storage = { key: '0', dtype: 'float32', sizeBytes: 5 * rowBytes, source, offsetBytes: 0 } as const;
    const tensor: Tensor = { storage, dtype: 'float32', shape: [2, 5], stride: [1, rowBytes / 4], offset: 0 };
    expect(await collect(tensor)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    expect(bytesRead).toBe(elementCount(tensor.shape) * itemSizeBytes('float32'));
  });
});

describe('what cannot be read', () => {
  const refused = (tensor: Tensor, code: string): Promise<void> =>
    Promise.all([
      expect(collect(tensor)).rejects.toMatchObject({ name: 'FormatError', code }),
      expect(readFloat32(tensor)).rejects.toMatchObject({ name: 'FormatError', code }),
    ]).then(() => undefined);

  it.each<[string, number[], number[], number]>([
    ['one element too many', [5_001], [1], 0],
    ['offset past the end', [1], [1], 5_000],
    ['stride past the end', [2, 2], [4_999, 1], 0],
    ['negative stride', [2], [-1], 10],
    ['negative offset', [2], [1], -1],
    ['fractional size', [1.5], [1], 0],
    ['size that overflows', [2 ** 32, 2 ** 32], [0, 0], 0],
    ['stride that overflows', [3, 3], [2 ** 52, 2 ** 52], 0],
    ['axes without strides', [2, 2], [1], 0],
  ])('refuses a view with %s', async (_name, shape, stride, offset) => {
    await refused(tensorOf(numbers, 'float32', shape, stride, offset), 'TENSOR_BOUNDS');
  });

  it('allows an empty view to start at the end', async () => {
    expect(await collect(tensorOf(numbers, 'float32', [0], [1], 5_000))).toEqual([]);
    await refused(tensorOf(numbers, 'float32', [0], [1], 5_001), 'TENSOR_BOUNDS');
  });

  it('refuses complex elements and a source that is too short', async () => {
    await refused(tensorOf(numbers, 'complex64', [4]), 'ARCHITECTURE_MISMATCH');
    const tensor = tensorOf(numbers, 'float32', [5_000]);
    const cut = { ...tensor.storage, source: new BufferSource(new Uint8Array(100)) };
    await refused({ ...tensor, storage: cut }, 'ZIP_TRUNCATED');
  });
});

const MIB = 1 << 20;

/** A tensor of four chunks whose elements are all `value`; `before` is awaited ahead of each read, from 0 on. */
function constantTensor(value: number, before: (read: number) => Promise<void>): Tensor {
  const pattern = new Uint8Array(Float32Array.of(value).buffer);
  let reads = 0;
  const source: ByteSource = {
    sizeBytes: 4 * MIB,
    async readInto(target) {
      await before(reads++);
      for (let i = 0; i < target.length; i++) target[i] = pattern[i % 4] ?? 0;
    },
  };
  const storage = { key: '0', dtype: 'float32', sizeBytes: 4 * MIB, source, offsetBytes: 0 } as const;
  return { storage, dtype: 'float32', offset: 0, shape: [MIB], stride: [1] };
}

describe('a reader that is left early', () => {
  it('gives nobody the buffer that its last read still goes into', async () => {
    let finishRead = (): void => undefined;
    const lastRead = new Promise<void>((resolve) => {
      finishRead = resolve;
    });
    const leave = async () => {
      for await (const _ of readFloat32Chunks(constantTensor(1, (read) => (read === 1 ? lastRead : Promise.resolve()))))
        break;
    };
    const left = leave();
    await setImmediate();
    let chunks = 0;
    for await (const chunk of readFloat32Chunks(constantTensor(2, () => Promise.resolve()))) {
      finishRead();
      await setImmediate();
      expect(chunk.every((element) => element === 2)).toBe(true);
      chunks++;
    }
    expect(chunks).toBe(4);
    await left;
  });
});
