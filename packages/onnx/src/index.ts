export { type LowerGraphOptions, lowerGraph } from './lower/lower-graph.js';
export type {
  OnnxAttribute,
  OnnxDataType,
  OnnxGraph,
  OnnxInitializer,
  OnnxModel,
  OnnxNode,
  OnnxValue,
} from './model.js';
export { type FoundInitializer, readInitializers } from './read/initializers.js';
export { type ExternalModel, writeExternalModel } from './write-external-model.js';
export { MAX_MODEL_SIZE_BYTES, modelSizeBytes, type WriteModelOptions, writeModel } from './write-model.js';
