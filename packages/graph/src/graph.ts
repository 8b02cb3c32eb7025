import type { Tensor } from '@caissa/tensor';
import type { OperatorRow, Shape } from './operator.js';
import type { OPERATORS, Operator } from './operators.js';

/** A network: operators of PyTorch, the values between them, and the weights where they are. */
export interface Graph {
  readonly name: string;
  /** Tells readers of a written file what the names and weights in it are. */
  readonly note: string;
  readonly inputs: readonly GraphInput[];
  readonly weights: ReadonlyMap<string, Weight>;
  /** In an order in which they can be computed. */
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly GraphOutput[];
}

/** A value that is given when the graph runs. */
interface GraphInput {
  readonly name: string;
  /** What its numbers mean, in sentences. */
  readonly note?: string;
  readonly shape: Shape;
}

/** A node's value, under the name by which users of the network know it. */
interface GraphOutput {
  readonly name: string;
  /** What its numbers mean, in sentences. */
  readonly note?: string;
  readonly node: string;
}

/** One operation; inputs, weights and the values of other nodes go into it by name. */
export type GraphNode<O extends Operator = Operator> = {
  readonly [Name in O]: {
    readonly operator: Name;
    /** Names its value too. */
    readonly name: string;
    readonly inputs: InputsOf<Name>;
    readonly attributes: AttributesOf<Name>;
  };
}[O];

/** The names in the places of an operator's inputs. */
export type InputsOf<O extends Operator> =
  (typeof OPERATORS)[O] extends OperatorRow<infer Inputs, infer _> ? Readonly<Inputs> : never;

/** What an operator is told beside its inputs. */
export type AttributesOf<O extends Operator> =
  (typeof OPERATORS)[O] extends OperatorRow<infer _, infer Attributes> ? Attributes : never;

/** A constant of a graph, float32 whatever its file has. */
export type Weight = StoredWeight | ComputedWeight;

/** A tensor in a file, as it is or changed on the way. */
export interface StoredWeight {
  readonly tensor: Tensor;
  /**
   * Changes float32 elements in place once they were read: pieces of whole elements, each told at which byte of all of
   * them it starts.
   */
  readonly change?: (bytes: Uint8Array, fromByte: number) => Promise<void>;
}

/** Some few numbers that stand in no file. */
interface ComputedWeight {
  readonly shape: readonly number[];
  compute(): Promise<Float32Array>;
}

/** Returns the names of what goes into a node, without those left out. */
export function inputNames({ inputs }: GraphNode): readonly string[] {
  return inputs as readonly string[];
}

/** Returns a node that takes the same things under other names. */
export function renameInputs(node: GraphNode, nameOf: (name: string) => string): GraphNode {
  return { ...node, inputs: inputNames(node).map(nameOf) as unknown as GraphNode['inputs'] } as GraphNode;
}
