export { checkFinite, checkVariances } from './check-finite.js';
export { type EvaluateOptions, evaluate } from './evaluate.js';
export {
  type AttributesOf,
  type Graph,
  type GraphNode,
  type InputsOf,
  inputNames,
  renameInputs,
  type Weight,
} from './graph.js';
export { inferShapes } from './infer-shapes.js';
export { type ForEach, type Shape, shapeText } from './operator.js';
export { OPERATORS, type Operator } from './operators.js';
export { foldBatchNorm } from './passes/fold-batch-norm.js';
export { tensorElements } from './tensor-elements.js';
export { bytesOf, readWeightChunks, type WeightRange, weightRange, weightShape } from './weights.js';
