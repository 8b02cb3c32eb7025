import type { AttributesOf, ForEach, InputsOf, Operator, Shape } from '@caissa/graph';
import type { OnnxNode } from '../model.js';

/** An operation of ONNX with one output. */
export type OnnxOperation = Pick<OnnxNode, 'opType' | 'inputs' | 'attributes'>;

/** What a lowering is told of a node. */
export interface LoweredNode<Shapes = readonly Shape[], Attributes = object> {
  /** As the ONNX model names them. */
  readonly inputs: readonly string[];
  /** Of the inputs. */
  readonly shapes: Shapes;
  readonly attributes: Attributes;
  /** Operator set of the model. */
  readonly opset: number;
  /** Adds an operation that has to come before the one that gives the node's value, and returns its output's name. */
  before(operation: OnnxOperation): string;
}

type Lowering<O extends Operator> = (node: LoweredNode<ForEach<InputsOf<O>, Shape>, AttributesOf<O>>) => OnnxOperation;

/**
 * What gives the value of each of PyTorch's operators in ONNX, in each operator set that an export may have.
 * Source: ONNX docs/Operators.md and docs/Changelog.md.
 */
export const LOWERINGS: { readonly [O in Operator]: Lowering<O> } = {
  conv2d: ({ inputs, attributes: { stride, padding, dilation, groups }, shapes: [, weight] }) => ({
    opType: 'Conv',
    inputs,
    attributes: {
      dilations: { ints: dilation },
      group: { int: groups },
      kernel_shape: { ints: weight.slice(2).map(Number) },
      pads: { ints: [...padding, ...padding] },
      strides: { ints: stride },
    },
  }),

  batch_norm: ({ inputs, attributes: { eps } }) => ({
    opType: 'BatchNormalization',
    inputs,
    attributes: { epsilon: { float: eps } },
  }),

  relu: ({ inputs }) => ({ opType: 'Relu', inputs }),

  tanh: ({ inputs }) => ({ opType: 'Tanh', inputs }),

  add: ({ inputs }) => ({ opType: 'Add', inputs }),

  flatten: ({ inputs, attributes: { start_dim } }) => ({
    opType: 'Flatten',
    inputs,
    attributes: { axis: { int: start_dim } },
  }),

  linear: ({ inputs }) => ({ opType: 'Gemm', inputs, attributes: { transB: { int: 1 } } }),

  log_softmax({ inputs, attributes: { dim }, shapes: [input], opset, before }) {
    const last = input.length - 1;
    if (opset >= 13 || dim === last) return { opType: 'LogSoftmax', inputs, attributes: { axis: { int: dim } } };
    // Until opset 13 the sum goes over all axes from this one on, so it has to be the last one.
    const perm = input.map((_, axis) => (axis === dim ? last : axis === last ? dim : axis));
    const transpose = { opType: 'Transpose', attributes: { perm: { ints: perm } } };
    const transposed = before({ ...transpose, inputs });
    const along = before({ opType: 'LogSoftmax', inputs: [transposed], attributes: { axis: { int: last } } });
    return { ...transpose, inputs: [along] };
  },
};
