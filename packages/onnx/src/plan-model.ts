import { dataSizeBytes, encodeAroundGraph, encodeAroundInitializers, encodeTensorHead, fieldHead } from './encode.js';
import { GRAPH, MODEL, TENSOR } from './field-numbers.js';
import type { OnnxInitializer, OnnxModel } from './model.js';

/** An initializer as it stands in the model: what comes before its data, and how much data follows. */
export interface PlannedInitializer {
  readonly initializer: OnnxInitializer;
  readonly head: Uint8Array;
  readonly dataSizeBytes: number;
}

/** Every byte of a model in order, but for the initializers' data. */
export interface ModelPlan {
  readonly before: readonly Uint8Array[];
  readonly initializers: readonly PlannedInitializer[];
  readonly after: readonly Uint8Array[];
  /** Exact up to the limit of protocol buffers; past that, lengths are longer than can be written. */
  readonly sizeBytes: number;
}

/** Lays out a model around its initializers. */
export function planModel(model: OnnxModel, initializers: readonly PlannedInitializer[]): ModelPlan {
  const aroundGraph = encodeAroundGraph(model);
  const aroundInitializers = encodeAroundInitializers(model);
  const graphSizeBytes = initializers.reduce(
    (sum, one) => sum + one.head.length + one.dataSizeBytes,
    aroundInitializers.before.length + aroundInitializers.after.length,
  );
  const graphHead = fieldHead(MODEL.graph, graphSizeBytes);
  return {
    before: [aroundGraph.before, graphHead, aroundInitializers.before],
    initializers,
    after: [aroundInitializers.after, aroundGraph.after],
    sizeBytes: aroundGraph.before.length + graphHead.length + graphSizeBytes + aroundGraph.after.length,
  };
}

/** An initializer whose data stands in the model. */
export function planInline(initializer: OnnxInitializer): PlannedInitializer {
  const sizeBytes = dataSizeBytes(initializer);
  const tensorHead = encodeTensorHead(initializer);
  const rawDataHead = fieldHead(TENSOR.rawData, sizeBytes);
  const initializerHead = fieldHead(GRAPH.initializer, tensorHead.length + rawDataHead.length + sizeBytes);
  return { initializer, head: Buffer.concat([initializerHead, tensorHead, rawDataHead]), dataSizeBytes: sizeBytes };
}

/** An initializer of which `tensor`, a whole TensorProto, is all that stands in the model. */
export function planReference(initializer: OnnxInitializer, tensor: Uint8Array): PlannedInitializer {
  const head = Buffer.concat([fieldHead(GRAPH.initializer, tensor.length), tensor]);
  return { initializer, head, dataSizeBytes: 0 };
}
