import type { WeightRange } from '@caissa/graph';

/** Element types an initializer or value may have, with the bytes one element takes. */
export const ONNX_ITEM_SIZE_BYTES = {
  float32: 4,
  float16: 2,
  int8: 1,
  uint8: 1,
  int32: 4,
  int64: 8,
} as const;

/** One of the element types of {@link ONNX_ITEM_SIZE_BYTES}. */
export type OnnxDataType = keyof typeof ONNX_ITEM_SIZE_BYTES;

/** A node's attribute; the key says its type, which ONNX cannot tell from the number alone. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly float: number }
  | { readonly string: string };

/** One operation of the default operator set. */
export interface OnnxNode {
  readonly name: string;
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** A constant tensor. Its size in bytes follows from shape and data type. */
export interface OnnxInitializer {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dataType: OnnxDataType;
  /**
   * The elements, row-major and little-endian. A function is called once, when the writer gets there; a chunk it
   * yields must stay valid only until the next one is asked for. A range of a source is copied as it is, or
   * changed on the way.
   */
  readonly data: Uint8Array | WeightRange | (() => AsyncIterable<Uint8Array>);
}

/** An input or output of the graph; a text in the shape names a dimension that is known only when the graph runs. */
export interface OnnxValue {
  readonly name: string;
  /** What its numbers mean, for whoever looks at the model. */
  readonly docString?: string;
  readonly dataType: OnnxDataType;
  readonly shape: readonly (number | string)[];
}

/** A graph in execution order. */
export interface OnnxGraph {
  readonly name: string;
  readonly docString?: string;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxInitializer[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** What {@link writeModel} writes. */
export interface OnnxModel {
  /** Version of the default operator set, one that an export may have; decides the IR version. */
  readonly opset: number;
  readonly producerName: string;
  readonly producerVersion?: string;
  readonly docString?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly graph: OnnxGraph;
}
