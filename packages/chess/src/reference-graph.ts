import type { Graph, GraphNode } from '@caissa/graph';
import type { NetworkTensors } from './architecture.js';

/**
 * Returns what the training program's network computes, written down a second time and by itself: exports are judged by it,
 * so it shares neither code nor constants with {@link buildGraph}, which they are made from. It has a third output,
 * `value_score`, which the value is the hyperbolic tangent of.
 * Source: `AlphaZeroNetwork.forward` of the training program; PyTorch, `torch.nn.BatchNorm2d` for 1e-5.
 */
export function referenceGraph({ architecture, tensors }: NetworkTensors): Graph {
  const nodes: GraphNode[] = [];
  const eps = architecture.batchNormEpsilon ?? 1e-5;

  /** Adds `norm(conv(x))`. */
  const normedConv = (conv: string, norm: string, x: string, padding: number): string => {
    const weight = `${conv}.weight`;
    const bias = `${conv}.bias`;
    nodes.push(
      {
        operator: 'conv2d',
        name: conv,
        inputs: tensors.has(bias) ? [x, weight, bias] : [x, weight],
        attributes: { stride: [1, 1], padding: [padding, padding], dilation: [1, 1], groups: 1 },
      },
      {
        operator: 'batch_norm',
        name: norm,
        inputs: [conv, `${norm}.weight`, `${norm}.bias`, `${norm}.running_mean`, `${norm}.running_var`],
        attributes: { eps },
      },
    );
    return norm;
  };
  const relu = (x: string): string => {
    nodes.push({ operator: 'relu', name: `relu(${x})`, inputs: [x], attributes: {} });
    return `relu(${x})`;
  };
  const linear = (name: string, x: string): string => {
    const weight = `${name}.weight`;
    const bias = `${name}.bias`;
    const inputs: GraphNode<'linear'>['inputs'] = tensors.has(bias) ? [x, weight, bias] : [x, weight];
    nodes.push({ operator: 'linear', name, inputs, attributes: {} });
    return name;
  };

  let x = relu(normedConv('conv_input', 'bn_input', 'board_input', 1));
  for (let i = 0; tensors.has(`res_blocks.${i}.conv1.weight`); i++) {
    const block = `res_blocks.${i}`;
    const inner = relu(normedConv(`${block}.conv1`, `${block}.bn1`, x, 1));
    const outer = normedConv(`${block}.conv2`, `${block}.bn2`, inner, 1);
    nodes.push({ operator: 'add', name: `${block}+x`, inputs: [outer, x], attributes: {} });
    x = relu(`${block}+x`);
  }

  const policyMaps = relu(normedConv('policy_conv', 'policy_bn', x, 0));
  nodes.push({ operator: 'flatten', name: 'policy', inputs: [policyMaps], attributes: { start_dim: 1 } });
  const scores = linear('policy_fc', 'policy');
  nodes.push({ operator: 'log_softmax', name: 'log_softmax', inputs: [scores], attributes: { dim: 1 } });

  const valueMaps = relu(normedConv('value_conv', 'value_bn', x, 0));
  nodes.push({ operator: 'flatten', name: 'value', inputs: [valueMaps], attributes: { start_dim: 1 } });
  const outcome = linear('value_fc2', relu(linear('value_fc1', 'value')));
  nodes.push({ operator: 'tanh', name: 'tanh', inputs: [outcome], attributes: {} });

  return {
    name: 'reference',
    note: '',
    inputs: [{ name: 'board_input', shape: ['batch', architecture.planes, 8, 8] }],
    weights: new Map(
      [...tensors].flatMap(([name, tensor]) => (name.endsWith('.num_batches_tracked') ? [] : [[name, { tensor }]])),
    ),
    nodes,
    outputs: [
      { name: 'policy_output', node: 'log_softmax' },
      { name: 'value_output', node: 'tanh' },
      { name: 'value_score', node: outcome },
    ],
  };
}
