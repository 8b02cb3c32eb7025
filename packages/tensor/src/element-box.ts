import type { Tensor } from './tensor.js';

/** One axis of a box: how far its elements lie apart in the storage, and in the row-major result. */
export interface Axis {
  readonly size: number;
  readonly stride: number;
  readonly step: number;
}

/** Elements at `start + Σ i·stride` of the storage, which belong at `target + Σ i·step` of the result. */
export interface Box {
  readonly start: number;
  readonly target: number;
  /** Outermost axis of the result first. */
  readonly axes: readonly Axis[];
}

/** Most bytes of the storage that are read at once. */
export const WINDOW_BYTES = 1 << 20;

/** Reading on over a gap of this size costs about as much as another read. */
const GAP_BYTES = 64 << 10;

/** Axes of a view, without those of size 1; neighbours that step evenly through the storage are one axis. */
export function collapseAxes(tensor: Tensor): Axis[] {
  const axes: Axis[] = [];
  let step = 1;
  for (let i = tensor.shape.length - 1; i >= 0; i--) {
    const size = tensor.shape[i] ?? 1;
    const stride = tensor.stride[i] ?? 0;
    const inner = axes[0];
    if (size === 1) continue;
    if (inner !== undefined && stride === inner.stride * inner.size) axes[0] = { ...inner, size: inner.size * size };
    else axes.unshift({ size, stride, step });
    step *= size;
  }
  return axes;
}

/** Number of elements in the result. */
export function countOf(box: Box): number {
  return box.axes.reduce((count, axis) => count * axis.size, 1);
}

/** Elements of the storage from the first to the last that a box touches, gaps included. */
export function spanOf(box: Box): number {
  return box.axes.reduce((span, axis) => span + (axis.size - 1) * axis.stride, 1);
}

/** Cuts a view into boxes whose results follow each other, each of at most `tileElements`. */
export function* tilesOf(axes: readonly Axis[], offset: number, tileElements: number): Generator<Box> {
  const outer = axes[0];
  if (outer === undefined) {
    yield { start: offset, target: 0, axes: [] };
    return;
  }
  const inner = axes.slice(1);
  // The step of an axis is the number of elements in all axes inside it.
  const rows = Math.floor(tileElements / outer.step);
  if (rows === 0) {
    for (let i = 0; i < outer.size; i++) yield* tilesOf(inner, offset + i * outer.stride, tileElements);
    return;
  }
  for (let i = 0; i < outer.size; i += rows) {
    const size = Math.min(rows, outer.size - i);
    yield { start: offset + i * outer.stride, target: 0, axes: [{ ...outer, size }, ...inner] };
  }
}

/** Cuts a box into boxes that are worth one read each: no longer than a window, without gaps that are worth skipping. */
export function* readableBoxes(box: Box, itemSize: number): Generator<Box> {
  const widest = widestAxis(box);
  const axis = widest === undefined ? undefined : box.axes[widest];
  const isFar = axis !== undefined && axis.stride * itemSize > GAP_BYTES;
  if (widest === undefined || axis === undefined || (!isFar && spanOf(box) * itemSize <= WINDOW_BYTES)) {
    yield box;
    return;
  }
  const rest = spanOf(box) - (axis.size - 1) * axis.stride;
  const fitting = Math.floor((WINDOW_BYTES / itemSize - rest) / axis.stride) + 1;
  const part = isFar ? 1 : Math.max(1, fitting);
  for (let i = 0; i < axis.size; i += part) {
    const size = Math.min(part, axis.size - i);
    const axes = box.axes.with(widest, { ...axis, size });
    yield* readableBoxes({ start: box.start + i * axis.stride, target: box.target + i * axis.step, axes }, itemSize);
  }
}

/** Index of the axis with the largest stride of those that have more than one place in the storage. */
function widestAxis(box: Box): number | undefined {
  let widest: number | undefined;
  for (const [index, axis] of box.axes.entries()) {
    const best = widest === undefined ? 0 : (box.axes[widest]?.stride ?? 0);
    if (axis.size > 1 && axis.stride > best) widest = index;
  }
  return widest;
}

/** Puts the elements of a box, given from its first to its last place in the storage, where they belong. */
export function scatter(box: Box, elements: Float32Array, result: Float32Array): void {
  scatterAxis(box.axes, 0, elements, 0, result, box.target);
}

function scatterAxis(
  axes: readonly Axis[],
  depth: number,
  elements: Float32Array,
  from: number,
  result: Float32Array,
  to: number,
): void {
  const { size, stride, step } = axes[depth] ?? { size: 1, stride: 0, step: 0 };
  if (depth < axes.length - 1) {
    for (let i = 0; i < size; i++) {
      scatterAxis(axes, depth + 1, elements, from + i * stride, result, to + i * step);
    }
  } else if (stride === 1 && step === 1) {
    result.set(elements.subarray(from, from + size), to);
  } else {
    for (let i = 0; i < size; i++) result[to + i * step] = elements[from + i * stride] as number;
  }
}
