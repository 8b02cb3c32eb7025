import { elementCount } from '@caissa/tensor';
import type { Elements, ForEach, Operand } from './operator.js';

/** `input [rows, in]` times `weight [out, in]` plus `bias [out]`; the weight, the largest of a network, is read in pieces. */
export async function multiply(
  [input, weight, bias]: ForEach<[input: string, weight: string, bias?: string], Operand>,
  _: unknown,
  sizes: readonly number[],
): Promise<Float64Array> {
  const [rows = 0, outFeatures = 0] = sizes;
  const [, inFeatures = 0] = input.sizes;
  const elements = await input.read();
  const output = new Float64Array(elementCount(sizes));
  let read = 0;
  for await (const chunk of weight.chunks()) {
    for (let at = 0; at < chunk.length; ) {
      const out = Math.floor((read + at) / inFeatures);
      const column = read + at - out * inFeatures;
      const weights = chunk.subarray(at, at + Math.min(chunk.length - at, inFeatures - column));
      for (let row = 0; row < rows; row++) {
        const index = row * outFeatures + out;
        output[index] = (output[index] ?? 0) + dot(weights, elements, row * inFeatures + column);
      }
      at += weights.length;
    }
    read += chunk.length;
  }
  const shift = await bias?.read();
  if (shift) for (let i = 0; i < output.length; i++) output[i] = (output[i] ?? 0) + (shift[i % outFeatures] ?? 0);
  return output;
}

function dot(weights: Elements, elements: Elements, first: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) sum += (weights[i] ?? 0) * (elements[first + i] ?? 0);
  return sum;
}
