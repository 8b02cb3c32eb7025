export { SUPPORTED_OPSETS } from './ir-version.js';
export type {
  OnnxAttribute,
  OnnxDataType,
  OnnxGraph,
  OnnxInitializer,
  OnnxModel,
  OnnxNode,
  OnnxValue,
  SourceRange,
} from './model.js';
export { type WriteModelOptions, writeModel } from './write-model.js';
