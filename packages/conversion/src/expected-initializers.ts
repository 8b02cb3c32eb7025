import { type Graph, type GraphNode, inputNames, tensorElements } from '@caissa/graph';
import { elementCount, type Tensor } from '@caissa/tensor';

/** What a float32 constant of an exported model must be. */
export interface ExpectedInitializer {
  readonly shape: readonly number[];
  /** Its elements, row-major; a piece is valid until the next one is asked for. */
  pieces(): AsyncIterable<ExpectedPiece>;
}

/** Some elements of one: values that each, up to the `end` of a run, take a factor in double precision. */
export interface ExpectedPiece {
  readonly values: Float32Array | Float64Array;
  readonly runs: readonly { readonly end: number; readonly factor: number }[];
  /** What the rounding of each is relative to, where that is not the element: what it is a difference of. */
  readonly sizes?: Float64Array;
}

/** A sum in double precision is off by its terms times this at most; of what float32 rounds to 24 bits, 27 more are left. */
const DOUBLE_ERROR = 2 ** -27;

/**
 * Returns the initializers of a model that computes what a graph does, by name: the graph's weights, with a batch norm that
 * alone takes the result of a convolution worked into that convolution's weight and bias.
 * @throws FormatError as `tensorElements`
 */
export async function expectedInitializers(graph: Graph): Promise<ReadonlyMap<string, ExpectedInitializer>> {
  const expected = new Map<string, ExpectedInitializer>();
  for (const node of graph.nodes) {
    const norm = node.operator === 'conv2d' ? normAfter(graph, node) : undefined;
    if (node.operator === 'conv2d' && norm !== undefined) {
      const [, weight, bias = weight.replace(/weight$/, 'bias')] = node.inputs;
      const folded = await fold(graph, node, norm);
      expected.set(weight, folded.weight);
      expected.set(bias, folded.bias);
    } else if (node.operator !== 'batch_norm' || !isAfterConv(graph, node)) {
      for (const name of inputNames(node))
        if (graph.weights.has(name)) expected.set(name, asItIs(tensorOf(graph, name)));
    }
  }
  return expected;
}

/** The batch norm that is the only one to take a convolution's result. */
function normAfter({ nodes, outputs }: Graph, { name }: GraphNode<'conv2d'>): GraphNode<'batch_norm'> | undefined {
  const [user, ...others] = nodes.filter((node) => inputNames(node).includes(name));
  const isShown = outputs.some(({ node }) => node === name);
  return user?.operator === 'batch_norm' && others.length === 0 && !isShown ? user : undefined;
}

function isAfterConv(graph: Graph, norm: GraphNode<'batch_norm'>): boolean {
  const conv = graph.nodes.find(({ name }) => name === norm.inputs[0]);
  return conv?.operator === 'conv2d' && normAfter(graph, conv) === norm;
}

/** `γ · (w·x + b − μ) / √(σ² + ε) + β` as one convolution. */
async function fold(graph: Graph, conv: GraphNode<'conv2d'>, norm: GraphNode<'batch_norm'>) {
  const [gamma, beta, mean, variance] = await Promise.all(
    inputNames(norm)
      .slice(1)
      .map((name) => numbersOf(tensorOf(graph, name))),
  );
  const own = conv.inputs[2] === undefined ? undefined : await numbersOf(tensorOf(graph, conv.inputs[2]));
  const factors = Float64Array.from(
    gamma ?? [],
    (one, channel) => one / Math.sqrt((variance?.[channel] ?? Number.NaN) + norm.attributes.eps),
  );
  const terms = (channel: number) => {
    const factor = factors[channel] ?? Number.NaN;
    return [(own?.[channel] ?? 0) * factor, (mean?.[channel] ?? Number.NaN) * -factor, beta?.[channel] ?? Number.NaN];
  };
  const values = factors.map((_, channel) => terms(channel).reduce((sum, term) => sum + term, 0));
  const sizes = factors.map((_, channel) => {
    const largest = Math.max(...terms(channel).map(Math.abs));
    return Math.max(Math.abs(values[channel] ?? Number.NaN), DOUBLE_ERROR * largest);
  });
  return {
    weight: scaled(tensorOf(graph, conv.inputs[1]), factors),
    bias: {
      shape: [factors.length],
      async *pieces() {
        yield { values, sizes, runs: [{ end: values.length, factor: 1 }] };
      },
    },
  };
}

function tensorOf({ weights }: Graph, name: string): Tensor {
  const weight = weights.get(name);
  if (weight === undefined || !('tensor' in weight)) throw new Error(`${name} is no tensor of a file`);
  return weight.tensor;
}

async function numbersOf(tensor: Tensor): Promise<number[]> {
  const numbers: number[] = [];
  for await (const piece of tensorElements(tensor)) numbers.push(...piece);
  return numbers;
}

function asItIs(tensor: Tensor): ExpectedInitializer {
  return scaled(tensor, Float64Array.of(1));
}

/** A tensor times factors, each for as many of its channels as the others. */
function scaled(tensor: Tensor, factors: Float64Array): ExpectedInitializer {
  const perFactor = elementCount(tensor.shape) / factors.length;
  return {
    shape: tensor.shape,
    async *pieces() {
      let before = 0;
      for await (const values of tensorElements(tensor)) {
        const after = before + values.length;
        const [first, last] = [Math.floor(before / perFactor), Math.ceil(after / perFactor)];
        const start = before;
        const runs = [...factors.subarray(first, last)].map((factor, i) => ({
          end: Math.min(after, (first + i + 1) * perFactor) - start,
          factor,
        }));
        yield { values, runs };
        before = after;
      }
    },
  };
}
