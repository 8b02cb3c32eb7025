export { checkFinite, checkVariances } from './check-finite.js';
export { evaluate } from './evaluate.js';
export { type AttributesOf, type Graph, type GraphNode, type InputsOf, inputNames, type Weight } from './graph.js';
export { inferShapes } from './infer-shapes.js';
export { type ForEach, type Shape, shapeText } from './operator.js';
export { OPERATORS, type Operator } from './operators.js';
export { foldBatchNorm } from './passes/fold-batch-norm.js';
export { bytesOf, readWeightChunks, type WeightRange, weightRange, weightShape } from './weights.js';
