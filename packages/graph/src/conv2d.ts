import { setImmediate } from 'node:timers/promises';
import { elementCount } from '@caissa/tensor';
import {
  type Arithmetic,
  type Elements,
  type ForEach,
  isFixed,
  isSameShape,
  type Operand,
  type Shape,
} from './operator.js';

/** Products after which others get their turn: about ten milliseconds. */
const PRODUCTS_AT_ONCE = 1 << 24;

type Inputs = [input: string, weight: string, bias?: string];

/** Rows first, then columns. */
type Pair = readonly [number, number];

/** How the kernel of a convolution moves over the image. */
export interface Conv2dAttributes {
  readonly stride: Pair;
  /** Zeros on either side. */
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly groups: number;
}

/** `input [batch, in, height, width]`, `weight [out, in / groups, rows, columns]` and `bias [out]` give `[batch, out, …]`. */
export function conv2dShape(
  [input, weight, bias]: ForEach<Inputs, Shape>,
  attributes: Conv2dAttributes,
): Shape | undefined {
  const { stride, padding, dilation, groups } = attributes;
  const [batch, ...image] = input;
  if (batch === undefined || image.length !== 3 || weight.length !== 4) return undefined;
  if (!isFixed(image) || !isFixed(weight)) return undefined;
  const [channels = 0, ...area] = image;
  const [outChannels = 0, channelsPerGroup = 0, ...kernel] = weight;
  if (channelsPerGroup * groups !== channels || outChannels % groups !== 0) return undefined;
  if (bias !== undefined && !isSameShape(bias, [outChannels])) return undefined;
  if (Math.min(...stride, ...dilation) < 1 || Math.min(...padding) < 0) return undefined;
  const places = ([0, 1] as const).map((axis) => {
    const reach = dilation[axis] * ((kernel[axis] ?? 0) - 1);
    return Math.floor(((area[axis] ?? 0) + 2 * padding[axis] - reach - 1) / stride[axis]) + 1;
  });
  return Math.min(...places) < 1 ? undefined : [batch, outChannels, ...places];
}

/** Each output channel is a sum over the columns of the image: what the kernel's elements see, place by place. */
export async function convolve(
  [input, weight, bias]: ForEach<Inputs, Operand>,
  attributes: Conv2dAttributes,
  sizes: readonly number[],
  arithmetic: Arithmetic,
): Promise<Elements> {
  const [batch = 0, outChannels = 0, ...places] = sizes;
  const [, channels = 0, ...area] = input.sizes;
  const [, , ...kernel] = weight.sizes;
  const [elements, weights, start] = [await input.read(), await weight.read(), await bias?.read()];
  const output = new arithmetic(elementCount(sizes));
  const groups = attributes.groups;
  const [placeCount, groupElements] = [elementCount(places), (channels / groups) * elementCount(area)];
  const columnCount = (channels / groups) * elementCount(kernel);
  const columns = new arithmetic(columnCount * placeCount);
  let products = 0;
  for (let group = 0; group < batch * groups; group++) {
    const image = elements.subarray(group * groupElements, (group + 1) * groupElements);
    fillColumns(columns, image, { area, kernel, places }, attributes);
    for (let channel = 0; channel < outChannels / groups; channel++) {
      const inGroups = (group % groups) * (outChannels / groups) + channel;
      const first = (group * (outChannels / groups) + channel) * placeCount;
      const map = output.subarray(first, first + placeCount).fill(start?.[inGroups] ?? 0);
      addColumns(map, columns, weights.subarray(inGroups * columnCount, (inGroups + 1) * columnCount));
      products += columns.length;
      if (products < PRODUCTS_AT_ONCE) continue;
      products = 0;
      await setImmediate();
    }
  }
  return output;
}

/** Heights and widths of an image, of the kernel, and of where the kernel comes to lie. */
interface Areas {
  readonly area: readonly number[];
  readonly kernel: readonly number[];
  readonly places: readonly number[];
}

/** Fills `columns [in, rows, columns, places]`; what lies outside the image stays 0. */
function fillColumns(
  columns: Elements,
  image: Elements,
  { area, kernel, places }: Areas,
  { stride, padding, dilation }: Conv2dAttributes,
): void {
  const [height = 0, width = 0] = area;
  const [kernelHeight = 0, kernelWidth = 0] = kernel;
  const [placesHigh = 0, placesWide = 0] = places;
  let at = 0;
  for (let plane = 0; plane < image.length; plane += height * width) {
    for (let tap = 0; tap < kernelHeight * kernelWidth; tap++) {
      const top = Math.floor(tap / kernelWidth) * dilation[0] - padding[0];
      const left = (tap % kernelWidth) * dilation[1] - padding[1];
      for (let row = 0; row < placesHigh; row++, at += placesWide) {
        const y = top + row * stride[0];
        if (y < 0 || y >= height) continue;
        for (let column = 0; column < placesWide; column++) {
          const x = left + column * stride[1];
          if (x >= 0 && x < width) columns[at + column] = image[plane + y * width + x] ?? 0;
        }
      }
    }
  }
}

/** Adds every column times its weight to `map`, eight at a time: so the map is read and written an eighth as often. */
function addColumns(map: Elements, columns: Elements, weights: Elements): void {
  const size = map.length;
  let tap = 0;
  for (; tap + 7 < weights.length; tap += 8) {
    const [w0, w1, w2, w3] = [weights[tap] ?? 0, weights[tap + 1] ?? 0, weights[tap + 2] ?? 0, weights[tap + 3] ?? 0];
    const [w4, w5, w6, w7] = [
      weights[tap + 4] ?? 0,
      weights[tap + 5] ?? 0,
      weights[tap + 6] ?? 0,
      weights[tap + 7] ?? 0,
    ];
    const at = tap * size;
    for (let i = at; i < at + size; i++) {
      const first = w0 * (columns[i] ?? 0) + w1 * (columns[i + size] ?? 0);
      const second = w2 * (columns[i + 2 * size] ?? 0) + w3 * (columns[i + 3 * size] ?? 0);
      const third = w4 * (columns[i + 4 * size] ?? 0) + w5 * (columns[i + 5 * size] ?? 0);
      const fourth = w6 * (columns[i + 6 * size] ?? 0) + w7 * (columns[i + 7 * size] ?? 0);
      map[i - at] = (map[i - at] ?? 0) + (first + second) + (third + fourth);
    }
  }
  for (; tap < weights.length; tap++) {
    const weight = weights[tap] ?? 0;
    for (let i = 0; i < size; i++) map[i] = (map[i] ?? 0) + weight * (columns[tap * size + i] ?? 0);
  }
}
