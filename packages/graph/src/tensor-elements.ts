import { borrowBuffer, returnBuffer } from '@caissa/bytes';
import { assertTensorBounds, type DType, elementCount, itemSizeBytes, type Tensor } from '@caissa/tensor';

/** Most bytes that are read at once, and that a piece has. */
const READ_BYTES = 1 << 20;

const PIECE_ELEMENTS = READ_BYTES / Float32Array.BYTES_PER_ELEMENT;

/** A read of this size costs about as much as a smaller one. */
const SMALL_READ_BYTES = 64 << 10;

/** Bytes are read that nobody asked for, up to so many times those that somebody did. */
const LARGEST_WASTE = 8;

/** One axis of a view: how far its elements lie apart in the storage, and in the result. */
interface Axis {
  readonly size: number;
  readonly stride: number;
  readonly step: number;
}

/** Elements that lie at `from + Σ i·stride` in the storage and belong at `to + Σ i·step` in the result. */
interface Box {
  readonly from: number;
  readonly to: number;
  readonly axes: readonly Axis[];
}

const bits = new Uint32Array(1);
const single = new Float32Array(bits.buffer);

/** The number whose float32 has these bits. */
function ofBits(pattern: number): number {
  bits[0] = pattern;
  return single[0] ?? 0;
}

/** Exponents of what is no finite number: of a float16, and of a float32. */
const SPECIAL_HALF = 0x7c00;
const SPECIAL_SINGLE = 0x7f800000;

/** Reads the element at a byte. A finite float16 is a float32 with another bias of the exponent, a bfloat16 half of one. */
const READ_ELEMENT: { readonly [D in DType]?: (view: DataView, at: number) => number } = {
  float32: (view, at) => view.getFloat32(at, true),
  float64: (view, at) => view.getFloat64(at, true),
  bfloat16: (view, at) => ofBits(view.getUint16(at, true) << 16),
  float16(view, at) {
    const half = view.getUint16(at, true);
    const pattern = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
    const isSpecial = (half & SPECIAL_HALF) === SPECIAL_HALF;
    return isSpecial ? ofBits(pattern | SPECIAL_SINGLE) : ofBits(pattern) * 2 ** 112;
  },
};

/**
 * Yields the elements of a floating-point tensor in row-major order as float32, in pieces that are valid until the next one
 * is asked for. Whoever judges what was written reads with this, so that it shares nothing with what has read for the writer.
 * @throws FormatError TENSOR_BOUNDS, ZIP_TRUNCATED
 */
export async function* tensorElements(tensor: Tensor): AsyncGenerator<Float32Array> {
  assertTensorBounds(tensor);
  const count = elementCount(tensor.shape);
  if (count === 0) return;
  const length = Math.min(PIECE_ELEMENTS, count);
  const buffers = [
    borrowBuffer(length * Float32Array.BYTES_PER_ELEMENT),
    borrowBuffer(Math.min(READ_BYTES, tensor.storage.sizeBytes)),
  ] as const;
  const elements = new Float32Array(buffers[0], 0, length);
  try {
    for (const piece of piecesOf({ from: tensor.offset, to: 0, axes: axesOf(tensor) })) {
      await gather(tensor, { ...piece, to: 0 }, elements, buffers[1]);
      yield elements.subarray(0, countOf(piece));
    }
  } finally {
    for (const buffer of buffers) returnBuffer(buffer);
  }
}

/** Axes of a view; neighbours that lie in the storage as in the result are one. */
function axesOf({ shape, stride: strides }: Tensor): Axis[] {
  const axes: Axis[] = [];
  let step = 1;
  for (const [axis, size] of [...shape.entries()].reverse()) {
    const [inner, stride] = [axes[0], strides[axis] ?? 0];
    if (inner && stride === inner.stride * inner.size) axes[0] = { ...inner, size: inner.size * size };
    else axes.unshift({ size, stride, step });
    step *= size;
  }
  return axes;
}

/** Cuts a box into boxes whose results follow one another. */
function* piecesOf(box: Box): Generator<Box> {
  if (countOf(box) <= PIECE_ELEMENTS) yield box;
  else
    for (const half of halves(
      box,
      box.axes.findIndex(({ size }) => size > 1),
    ))
      yield* piecesOf(half);
}

/** Puts the elements of a box where they belong, read at once or, where they lie far apart, in halves. */
async function gather(tensor: Tensor, box: Box, elements: Float32Array, buffer: ArrayBuffer): Promise<void> {
  const itemBytes = itemSizeBytes(tensor.dtype);
  const span = box.axes.reduce((sum, { size, stride }) => sum + (size - 1) * stride, 1);
  const spanBytes = span * itemBytes;
  const isDense = spanBytes <= READ_BYTES && span <= LARGEST_WASTE * countOf(box);
  if (!isDense && spanBytes > SMALL_READ_BYTES) {
    for (const half of halves(box, widestAxis(box))) await gather(tensor, half, elements, buffer);
    return;
  }
  const { source, offsetBytes } = tensor.storage;
  const isInPlace = tensor.dtype === 'float32' && box.axes.every(({ stride, step }) => stride === step);
  const bytes = isInPlace
    ? new Uint8Array(elements.buffer, box.to * itemBytes, spanBytes)
    : new Uint8Array(buffer, 0, spanBytes);
  await source.readInto(bytes, offsetBytes + box.from * itemBytes);
  if (isInPlace) return;
  const read = READ_ELEMENT[tensor.dtype];
  if (read === undefined) throw new RangeError(`elements of type ${tensor.dtype} are no weights`);
  const view = new DataView(buffer);
  const place = (depth: number, from: number, to: number): void => {
    const { size, stride, step } = box.axes[depth] ?? { size: 1, stride: 0, step: 0 };
    if (depth < box.axes.length - 1) {
      for (let i = 0; i < size; i++) place(depth + 1, from + i * stride, to + i * step);
    } else {
      for (let i = 0; i < size; i++) elements[to + i * step] = read(view, (from + i * stride) * itemBytes);
    }
  };
  place(0, 0, box.to);
}

function countOf({ axes }: Box): number {
  return axes.reduce((count, { size }) => count * size, 1);
}

/** Index of the axis along which a box reaches farthest through the storage. */
function widestAxis({ axes }: Box): number {
  const reach = ({ size, stride }: Axis) => (size - 1) * stride;
  return axes.reduce((widest, axis, index) => (reach(axis) > reach(axes[widest] ?? axis) ? index : widest), 0);
}

function halves({ from, to, axes }: Box, index: number): Box[] {
  const { size, stride, step } = axes[index] ?? { size: 1, stride: 0, step: 0 };
  const first = Math.ceil(size / 2);
  const second = { from: from + first * stride, to: to + first * step };
  return [
    { from, to, axes: axes.with(index, { size: first, stride, step }) },
    { ...second, axes: axes.with(index, { size: size - first, stride, step }) },
  ];
}
