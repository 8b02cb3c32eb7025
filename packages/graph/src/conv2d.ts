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

/** Output channels that are computed together, so that what is read of a column serves all of them. */
const CHANNELS_AT_ONCE = 4;

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
  const { groups } = attributes;
  const channelsOut = outChannels / groups;
  const [placeCount, groupElements] = [elementCount(places), (channels / groups) * elementCount(area)];
  const columnCount = (channels / groups) * elementCount(kernel);
  const columns = new arithmetic(columnCount * placeCount);
  let products = 0;
  for (let group = 0; group < batch * groups; group++) {
    const image = elements.subarray(group * groupElements, (group + 1) * groupElements);
    fillColumns(columns, image, { area, kernel, places }, attributes);
    for (let channel = 0; channel < channelsOut; channel += CHANNELS_AT_ONCE) {
      const count = Math.min(CHANNELS_AT_ONCE, channelsOut - channel);
      const inGroups = (group % groups) * channelsOut + channel;
      const first = (group * channelsOut + channel) * placeCount;
      const maps = output.subarray(first, first + count * placeCount);
      for (let i = 0; i < count; i++) {
        maps.fill(start?.[inGroups + i] ?? 0, i * placeCount, (i + 1) * placeCount);
      }
      addColumns(maps, columns, weights.subarray(inGroups * columnCount, (inGroups + count) * columnCount), placeCount);
      products += count * columns.length;
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

/**
 * Adds every column times its weights to the maps `[channels, places]`, with weights `[channels, columns]`: four columns at a
 * time where there are four channels, so that maps and columns are read and written a quarter as often.
 */
function addColumns(maps: Elements, columns: Elements, weights: Elements, places: number): void {
  const channels = maps.length / places;
  const columnCount = weights.length / channels;
  const inFours = channels === CHANNELS_AT_ONCE ? columnCount - (columnCount % 4) : 0;
  for (let column = 0; column < inFours; column += 4) addFour(maps, columns, weights, places, column);
  for (let channel = 0; channel < channels; channel++) {
    const map = maps.subarray(channel * places, (channel + 1) * places);
    for (let column = inFours; column < columnCount; column++) {
      const weight = weights[channel * columnCount + column] ?? 0;
      for (let i = 0; i < places; i++) map[i] = (map[i] ?? 0) + weight * (columns[column * places + i] ?? 0);
    }
  }
}

/** Adds four columns from `column` on to the maps of four channels. */
function addFour(maps: Elements, columns: Elements, weights: Elements, places: number, column: number): void {
  const ofChannel = (channel: number) => {
    const at = (channel * weights.length) / 4 + column;
    return [weights[at] ?? 0, weights[at + 1] ?? 0, weights[at + 2] ?? 0, weights[at + 3] ?? 0] as const;
  };
  const [[a0, a1, a2, a3], [b0, b1, b2, b3]] = [ofChannel(0), ofChannel(1)];
  const [[c0, c1, c2, c3], [d0, d1, d2, d3]] = [ofChannel(2), ofChannel(3)];
  const from = column * places;
  for (let a = 0; a < places; a++) {
    const b = a + places;
    const c = b + places;
    const d = c + places;
    const x0 = columns[from + a] ?? 0;
    const x1 = columns[from + b] ?? 0;
    const x2 = columns[from + c] ?? 0;
    const x3 = columns[from + d] ?? 0;
    maps[a] = (maps[a] ?? 0) + (a0 * x0 + a1 * x1) + (a2 * x2 + a3 * x3);
    maps[b] = (maps[b] ?? 0) + (b0 * x0 + b1 * x1) + (b2 * x2 + b3 * x3);
    maps[c] = (maps[c] ?? 0) + (c0 * x0 + c1 * x1) + (c2 * x2 + c3 * x3);
    maps[d] = (maps[d] ?? 0) + (d0 * x0 + d1 * x1) + (d2 * x2 + d3 * x3);
  }
}
