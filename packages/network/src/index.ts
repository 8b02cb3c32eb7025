export type { Architecture, FoundArchitecture, NetworkTensors } from './architecture.js';
export { buildOnnxModel, GRAPH_NAMES, type OnnxModelOptions } from './build-onnx-model.js';
export {
  checkDeclared,
  checkExpected,
  checkInterface,
  type ExpectedArchitecture,
  NETWORK_INTERFACE,
} from './check-architecture.js';
export { checkOutputs, compareOutputs, type OutputDifference, type OutputReport } from './check-outputs.js';
export { encodePosition, encodePositions } from './encode-position.js';
export { findNonFinite } from './find-non-finite.js';
export { forward, type NetworkOutputs } from './forward.js';
export { inferArchitecture } from './infer-architecture.js';
export { FULL_SIZE, initialStateDict } from './initial-state-dict.js';
export { type Slot, slotsOf } from './layout.js';
export { moveIndex } from './move-index.js';
export { NotationError, type NotationErrorCode } from './notation-error.js';
export { checkFinite, checkVariances } from './read-weights.js';
export { VERIFICATION_POSITIONS } from './verification-positions.js';
