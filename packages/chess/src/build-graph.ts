import type { Graph, GraphNode, InputsOf } from '@caissa/graph';
import { BATCH_NORM_EPSILON, type ConvLayer, type LinearLayer, layersOf, type NetworkTensors } from './architecture.js';
import { INTERFACE_CARD } from './interface-card.js';

/** Names of the network's input and outputs. */
export const GRAPH_NAMES = { input: 'board_input', policy: 'policy_output', value: 'value_output' } as const;

/**
 * Returns what a network computes: `board_input [batch, planes, 8, 8]` → `policy_output [batch, moves]`
 * (log-probabilities) and `value_output [batch, 1]` (−1 to 1). {@link INTERFACE_CARD} says what their numbers mean.
 */
export function buildGraph({ architecture, tensors }: NetworkTensors): Graph {
  const nodes: GraphNode[] = [];
  const add = (node: GraphNode): string => {
    nodes.push(node);
    return node.name;
  };
  const relu = (name: string, input: string) => add({ operator: 'relu', name, inputs: [input], attributes: {} });
  const convNorm = ({ conv, norm, kernelSize }: ConvLayer, input: string): string => {
    const pad = (kernelSize - 1) / 2;
    const [weight, bias] = [`${conv}.weight`, `${conv}.bias`];
    const inputs: InputsOf<'conv2d'> = tensors.has(bias) ? [input, weight, bias] : [input, weight];
    add({
      operator: 'conv2d',
      name: conv,
      inputs,
      attributes: { stride: [1, 1], padding: [pad, pad], dilation: [1, 1], groups: 1 },
    });
    return add({
      operator: 'batch_norm',
      name: norm,
      inputs: [conv, `${norm}.weight`, `${norm}.bias`, `${norm}.running_mean`, `${norm}.running_var`],
      attributes: { eps: architecture.batchNormEpsilon ?? BATCH_NORM_EPSILON },
    });
  };
  const linear = ({ name }: LinearLayer, input: string) => {
    const [weight, bias] = [`${name}.weight`, `${name}.bias`];
    const inputs: InputsOf<'linear'> = tensors.has(bias) ? [input, weight, bias] : [input, weight];
    return add({ operator: 'linear', name, inputs, attributes: {} });
  };
  /** A head's 1×1 convolution, flattened to `[batch, planes·64]`. */
  const head = (name: string, layer: ConvLayer, input: string): string => {
    const planes = relu(`${name}_relu`, convNorm(layer, input));
    return add({ operator: 'flatten', name: `${name}_flatten`, inputs: [planes], attributes: { start_dim: 1 } });
  };

  const layers = layersOf(architecture);
  let trunk = relu('relu_input', convNorm(layers.input, GRAPH_NAMES.input));
  layers.blocks.forEach(([first, second], block) => {
    const name = `res_blocks.${block}`;
    const inner = relu(`${name}.relu1`, convNorm(first, trunk));
    const inputs = [convNorm(second, inner), trunk] as const;
    trunk = relu(`${name}.relu2`, add({ operator: 'add', name: `${name}.add`, inputs, attributes: {} }));
  });
  const scores = linear(layers.policyFc, head('policy', layers.policyConv, trunk));
  const policy = add({ operator: 'log_softmax', name: 'policy_log_softmax', inputs: [scores], attributes: { dim: 1 } });
  const hidden = relu('value_fc1_relu', linear(layers.valueFc1, head('value', layers.valueConv, trunk)));
  const outcome = linear(layers.valueFc2, hidden);
  const value = add({ operator: 'tanh', name: 'value_tanh', inputs: [outcome], attributes: {} });
  return {
    name: 'alphazero_chess',
    note: 'Nodes and initializers are named as in the PyTorch state dict.',
    inputs: [{ name: GRAPH_NAMES.input, note: INTERFACE_CARD.board, shape: ['batch', architecture.planes, 8, 8] }],
    weights: weightsOf(tensors),
    nodes,
    outputs: [
      { name: GRAPH_NAMES.policy, note: INTERFACE_CARD.policy, node: policy },
      { name: GRAPH_NAMES.value, note: INTERFACE_CARD.value, node: value },
    ],
  };
}

/** Everything in a state dict but the counters, which nothing is computed with. */
function weightsOf(tensors: NetworkTensors['tensors']): Graph['weights'] {
  return new Map(
    [...tensors].filter(([name]) => !name.endsWith('.num_batches_tracked')).map(([name, tensor]) => [name, { tensor }]),
  );
}
