import { elementCount } from '@caissa/tensor';
import type { Arithmetic, Elements, ForEach, Operand } from './operator.js';

/** Products that are added up before their sum is kept. */
const SUMMED_AT_ONCE = 16;

/** `input [rows, in]` times `weight [out, in]` plus `bias [out]`; the weight, the largest of a network, is read in pieces. */
export async function multiply(
  [input, weight, bias]: ForEach<[input: string, weight: string, bias?: string], Operand>,
  _: unknown,
  sizes: readonly number[],
  arithmetic: Arithmetic,
): Promise<Elements> {
  const [rows = 0, outFeatures = 0] = sizes;
  const [, inFeatures = 0] = input.sizes;
  const elements = await input.read();
  const output = new arithmetic(elementCount(sizes));
  let read = 0;
  for await (const chunk of weight.chunks()) {
    for (let at = 0; at < chunk.length; ) {
      const out = Math.floor((read + at) / inFeatures);
      const column = read + at - out * inFeatures;
      const weights = chunk.subarray(at, at + Math.min(chunk.length - at, inFeatures - column));
      for (let row = 0; row < rows; row++) {
        addProducts(output, row * outFeatures + out, weights, elements, row * inFeatures + column);
      }
      at += weights.length;
    }
    read += chunk.length;
  }
  const shift = await bias?.read();
  if (shift) for (let i = 0; i < output.length; i++) output[i] = (output[i] ?? 0) + (shift[i % outFeatures] ?? 0);
  return output;
}

/** Adds weights times elements from `first` on to one element of the output. */
function addProducts(output: Elements, index: number, weights: Elements, elements: Elements, first: number): void {
  for (let start = 0; start < weights.length; start += SUMMED_AT_ONCE) {
    const end = Math.min(weights.length, start + SUMMED_AT_ONCE);
    let sum = 0;
    for (let i = start; i < end; i++) sum += (weights[i] ?? 0) * (elements[first + i] ?? 0);
    output[index] = (output[index] ?? 0) + sum;
  }
}
