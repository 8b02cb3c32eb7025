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
  const steps = kernelSteps(kernelSize);
  for (let b = 0; b < batch; b++) {
    const boards = pad(input.subarray(b * inChannels * SQUARES, (b + 1) * inChannels * SQUARES));
    for (let out = 0; out < outChannels; out++) {
      const start = (b * outChannels + out) * SQUARES;
      const map = output.subarray(start, start + SQUARES);
      const firstWeight = out * inChannels * steps.length;
      for (let channel = 0; channel < inChannels; channel++) {
        for (let k = 0; k < steps.length; k++) {
          const factor = weight[firstWeight + channel * steps.length + k] ?? 0;
          addShifted(map, boards, channel * PADDED * PADDED + (steps[k] ?? 0), factor);
        }
      }
    }
  }
  return output;
}

/** Adds `factor` times the 8×8 window of the padded board that starts at `start`. */
function addShifted(map: Float64Array, boards: Float64Array, start: number, factor: number): void {
  for (let rank = 0; rank < 8; rank++) {
    const from = start + rank * PADDED;
    const to = rank * 8;
    for (let file = 0; file < 8; file++) {
      map[to + file] = (map[to + file] ?? 0) + factor * (boards[from + file] ?? 0);
    }
  }
}

/** Where in a padded board the window of each kernel element starts, row by row. */
function kernelSteps(kernelSize: 1 | 3): number[] {
  if (kernelSize === 1) return [PADDED + 1];
  return [0, 1, 2].flatMap((rank) => [0, 1, 2].map((file) => rank * PADDED + file));
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
