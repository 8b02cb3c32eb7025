import type { FoundArchitecture } from '@caissa/chess';

/** The sizes of a network, ready for JSON. */
export interface ArchitectureDescription {
  readonly num_channels: number;
  readonly num_res_blocks: number;
  /** `[planes, ranks, files]` */
  readonly input_shape: number[];
  readonly output_shapes: { readonly policy: number; readonly value: number };
  /** Planes between trunk and fully connected layers in each head, and units of the value head's hidden layer. */
  readonly policy_planes: number;
  readonly value_planes: number;
  readonly value_hidden: number;
  readonly parameters: number;
  /** Present where the checkpoint says it. */
  readonly batch_norm_eps?: number;
}

/** Describes the sizes of a network. */
export function describeArchitecture(architecture: FoundArchitecture): ArchitectureDescription {
  const { batchNormEpsilon: epsilon } = architecture;
  return {
    num_channels: architecture.channels,
    num_res_blocks: architecture.blocks,
    input_shape: [architecture.planes, 8, 8],
    output_shapes: { policy: architecture.policySize, value: 1 },
    policy_planes: architecture.policyPlanes,
    value_planes: architecture.valuePlanes,
    value_hidden: architecture.valueHidden,
    parameters: architecture.parameters,
    ...(epsilon === undefined ? {} : { batch_norm_eps: epsilon }),
  };
}
