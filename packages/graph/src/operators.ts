import { elementCount } from '@caissa/tensor';
import { type Conv2dAttributes, conv2dShape, convolve } from './conv2d.js';
import { multiply } from './linear.js';
import { type Arithmetic, type Elements, isFixed, isSameShape, type OperatorRow } from './operator.js';

/**
 * Every operator that a graph may have, named as in PyTorch's ATen and with ATen's meaning. This is the definition that
 * written files are compared with: plain loops, sums in whatever arithmetic is asked for.
 * Source: PyTorch, aten/src/ATen/native/native_functions.yaml.
 */
export const OPERATORS = {
  conv2d: operator<[input: string, weight: string, bias?: string], Conv2dAttributes>({
    shape: conv2dShape,
    evaluate: convolve,
  }),

  /** As it is in inference, with the running statistics. `input [batch, channels, …]`, the others `[channels]`. */
  batch_norm: operator<
    [input: string, weight: string, bias: string, running_mean: string, running_var: string],
    { readonly eps: number }
  >({
    shape([input, ...parameters]) {
      const [, channels] = input;
      if (channels === undefined) return undefined;
      return parameters.every((parameter) => isSameShape(parameter, [channels])) ? input : undefined;
    },
    async evaluate([input, weight, bias, runningMean, runningVar], { eps }, [, channels = 1, ...area], arithmetic) {
      const [scale, shift, mean, variance] = [
        await weight.read(),
        await bias.read(),
        await runningMean.read(),
        await runningVar.read(),
      ];
      const deviation = mapped(variance, arithmetic, (value) => Math.sqrt(value + eps));
      const perChannel = elementCount(area);
      return mapped(await input.read(), arithmetic, (x, i) => {
        const c = Math.floor(i / perChannel) % channels;
        return ((x - (mean[c] ?? 0)) / (deviation[c] ?? 1)) * (scale[c] ?? 0) + (shift[c] ?? 0);
      });
    },
  }),

  relu: elementwise((x) => Math.max(x, 0)),

  tanh: elementwise(Math.tanh),

  /** Of values of one shape: nothing is broadcast. */
  add: operator<[input: string, other: string], NoAttributes>({
    shape: ([input, other]) => (isSameShape(input, other) ? input : undefined),
    async evaluate([input, other], _, _sizes, arithmetic) {
      const others = await other.read();
      return mapped(await input.read(), arithmetic, (x, i) => x + (others[i] ?? 0));
    },
  }),

  /** All axes but the first become one. */
  flatten: operator<[input: string], { readonly start_dim: 1 }>({
    shape([input]) {
      const [first, ...flattened] = input;
      return first === undefined || !isFixed(flattened) ? undefined : [first, elementCount(flattened)];
    },
    evaluate: ([input]) => input.read(),
  }),

  /** `input [rows, in]` times `weight [out, in]` plus `bias [out]`. */
  linear: operator<[input: string, weight: string, bias?: string], NoAttributes>({
    shape([input, weight, bias]) {
      const [rows, inFeatures] = input;
      const [outFeatures] = weight;
      if (rows === undefined || inFeatures === undefined || outFeatures === undefined) return undefined;
      if (input.length !== 2 || !isSameShape(weight, [outFeatures, inFeatures])) return undefined;
      return bias === undefined || isSameShape(bias, [outFeatures]) ? [rows, outFeatures] : undefined;
    },
    evaluate: multiply,
  }),

  /** Along the axis `dim`, which is not the batch. */
  log_softmax: operator<[input: string], { readonly dim: number }>({
    shape: ([input], { dim }) => (typeof input[dim] === 'number' ? input : undefined),
    async evaluate([input], { dim }, sizes, arithmetic) {
      const result = mapped(await input.read(), arithmetic, (x) => x);
      const size = sizes[dim] ?? 1;
      const step = elementCount(sizes.slice(dim + 1));
      for (let block = 0; block < result.length; block += size * step) {
        for (let first = block; first < block + step; first++) subtractLogSum(result, first, size, step);
      }
      return result;
    },
  }),
};

/** The name of an operator. */
export type Operator = keyof typeof OPERATORS;

type NoAttributes = Readonly<Record<string, never>>;

/** Fixes the types of a row. */
function operator<Inputs extends readonly unknown[], Attributes>(
  row: OperatorRow<Inputs, Attributes>,
): OperatorRow<Inputs, Attributes> {
  return row;
}

function elementwise(change: (x: number) => number): OperatorRow<[input: string], NoAttributes> {
  return {
    shape: ([input]) => input,
    evaluate: async ([input], _, _sizes, arithmetic) => mapped(await input.read(), arithmetic, change),
  };
}

function mapped(elements: Elements, arithmetic: Arithmetic, change: (x: number, index: number) => number): Elements {
  const result = new arithmetic(elements.length);
  for (let i = 0; i < result.length; i++) result[i] = change(elements[i] ?? 0, i);
  return result;
}

/** Of `size` scores, each `step` after the last; the largest is taken off first so that no exponential overflows. */
function subtractLogSum(scores: Elements, first: number, size: number, step: number): void {
  const end = first + size * step;
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = first; i < end; i += step) largest = Math.max(largest, scores[i] ?? 0);
  let sum = 0;
  for (let i = first; i < end; i += step) sum += Math.exp((scores[i] ?? 0) - largest);
  const logSum = largest + Math.log(sum);
  for (let i = first; i < end; i += step) scores[i] = (scores[i] ?? 0) - logSum;
}
