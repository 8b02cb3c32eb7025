import { GRAPH_NAMES, NETWORK_INTERFACE } from '@caissa/chess';
import { INTERFACE_CARD } from '@caissa/chess/interface-card';
import { POSITION_FLOATS } from '../inference/engine.js';

/** The only datatype of the network's tensors: IEEE 754 single precision, little-endian. */
export const DATATYPE = 'FP32';

/** Bytes of one number of {@link DATATYPE}. */
export const FLOAT_BYTES = 4;

/** Positions that one request may have. */
export const MAX_POSITIONS = 4096;

/** A tensor of the network; `dims` are those of one position. */
export interface TensorSpec {
  readonly name: string;
  readonly dims: readonly number[];
  /** What its numbers mean. */
  readonly description: string;
}

/** What the network takes. */
export const INPUT: TensorSpec = {
  name: GRAPH_NAMES.input,
  dims: [NETWORK_INTERFACE.planes, 8, 8],
  description: INTERFACE_CARD.board,
};

/** What the network gives, under the keys of an inference's result. */
export const OUTPUTS = {
  policy: { name: GRAPH_NAMES.policy, dims: [POSITION_FLOATS.policy], description: INTERFACE_CARD.policy },
  value: { name: GRAPH_NAMES.value, dims: [POSITION_FLOATS.value], description: INTERFACE_CARD.value },
} as const satisfies Record<string, TensorSpec>;

/** Key of an output. */
export type OutputKey = keyof typeof OUTPUTS;

/** The outputs in the order in which they are sent if none are asked for. */
export const OUTPUT_KEYS = ['policy', 'value'] as const satisfies readonly OutputKey[];
