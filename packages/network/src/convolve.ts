import { SQUARES } from './architecture.js';
import type { ConvLayer } from './layout.js';

/** Side of a board with a margin of one square all around, which stands for the convolution's zero padding. */
const PADDED = 10;

/**
 * A convolution of 8×8 maps that keeps their size: `input [batch, in, 64]` with `weight [out, in, k, k]` gives
 * `[batch, out, 64]`, without bias.
 */
export function convolve(input: Float64Array, weight: Float32Array, layer: ConvLayer, batch: number): Float64Array {
  const { inChannels, outChannels, kernelSize } = layer;
  const output = new Float64Array(batch * outChannels * SQUARES);
  const addChannel = kernelSize === 3 ? addThreeByThree : addOneByOne;
  for (let b = 0; b < batch; b++) {
    const boards = pad(input.subarray(b * inChannels * SQUARES, (b + 1) * inChannels * SQUARES));
    for (let out = 0; out < outChannels; out++) {
      const start = (b * outChannels + out) * SQUARES;
      const map = output.subarray(start, start + SQUARES);
      for (let channel = 0; channel < inChannels; channel++) {
        const firstWeight = (out * inChannels + channel) * kernelSize ** 2;
        addChannel(map, boards, channel * PADDED * PADDED, weight, firstWeight);
      }
    }
  }
  return output;
}

/** Adds what one padded board, which starts at `board`, gives through a kernel of nine weights. */
function addThreeByThree(
  map: Float64Array,
  boards: Float64Array,
  board: number,
  weight: Float32Array,
  first: number,
): void {
  for (let row = 0; row < 3; row++) {
    const at = first + row * 3;
    addRow(map, boards, board + row * PADDED, weight[at] ?? 0, weight[at + 1] ?? 0, weight[at + 2] ?? 0);
  }
}

/** Adds what one padded board gives through a kernel of one weight: the middle of a row, one rank and file in. */
function addOneByOne(
  map: Float64Array,
  boards: Float64Array,
  board: number,
  weight: Float32Array,
  first: number,
): void {
  addRow(map, boards, board + PADDED, 0, weight[first] ?? 0, 0);
}

/** Adds one row of a kernel, slid over the 8×10 squares that start at `start`. */
function addRow(
  map: Float64Array,
  boards: Float64Array,
  start: number,
  left: number,
  middle: number,
  right: number,
): void {
  for (let rank = 0; rank < 8; rank++) {
    const from = start + rank * PADDED;
    const to = rank * 8;
    for (let file = 0; file < 8; file++) {
      const at = from + file;
      const sum = left * (boards[at] ?? 0) + middle * (boards[at + 1] ?? 0) + right * (boards[at + 2] ?? 0);
      map[to + file] = (map[to + file] ?? 0) + sum;
    }
  }
}

/** Copies `[in, 64]` maps into the middle of `[in, 100]` ones. */
function pad(maps: Float64Array): Float64Array {
  const count = maps.length / SQUARES;
  const padded = new Float64Array(count * PADDED * PADDED);
  for (let row = 0; row < count * 8; row++) {
    const channel = Math.floor(row / 8);
    const start = channel * PADDED * PADDED + ((row % 8) + 1) * PADDED + 1;
    padded.set(maps.subarray(row * 8, row * 8 + 8), start);
  }
  return padded;
}
