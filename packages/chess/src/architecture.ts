import type { Tensor } from '@caissa/tensor';

/** The sizes that tell one network of the family from another. */
export interface Architecture {
  /** Feature maps of the trunk. */
  readonly channels: number;
  /** Residual blocks. */
  readonly blocks: number;
  /** Input planes of 8×8. */
  readonly planes: number;
  readonly policyPlanes: number;
  readonly valuePlanes: number;
  /** Hidden units of the value head. */
  readonly valueHidden: number;
  /** Moves that the policy head scores. */
  readonly policySize: number;
}

/** The architecture found in a state dict. */
export interface FoundArchitecture extends Architecture {
  /** Learned numbers, as `sum(p.numel() for p in model.parameters())` counts them: without running statistics. */
  readonly parameters: number;
}

/** The tensors of one network, checked against its architecture. */
export interface NetworkTensors {
  readonly architecture: FoundArchitecture;
  /** Canonical name (without the prefix) → tensor, in the order PyTorch's `state_dict()` has. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What stood before each name in the file, such as `module.`; often empty. */
  readonly prefix: string;
}

/** Squares of the board: every plane has this many elements. */
export const SQUARES = 64;

/** Added to the running variance by every batch norm of the family (PyTorch's default). */
export const BATCH_NORM_EPSILON = 1e-5;
