export {
  type Architecture,
  BATCH_NORM_EPSILON,
  type FoundArchitecture,
  type NetworkTensors,
  type Slot,
  slotsOf,
} from './architecture.js';
export { buildGraph, GRAPH_NAMES } from './build-graph.js';
export {
  checkDeclared,
  checkExpected,
  checkInterface,
  describeMisfit,
  type ExpectedArchitecture,
  NETWORK_INTERFACE,
} from './check-architecture.js';
export { checkOutputs, type NetworkOutputs, type OutputReport } from './check-outputs.js';
export {
  compareOutputs,
  OUTPUT_TOLERANCE,
  type OutputComparison,
  type PerOutput,
  type ReferenceOutputs,
} from './compare-outputs.js';
export { type DeclaredEpsilon, declaredEpsilon, isEpsilon } from './declared-epsilon.js';
export { encodePosition, encodePositions } from './encode-position.js';
export { NotationError, type NotationErrorCode } from './fen.js';
export { inferArchitecture } from './infer-architecture.js';
export { FULL_SIZE, initialStateDict } from './initial-state-dict.js';
export { moveIndex } from './move-index.js';
export { modulePath, plainName, splitNetworks } from './network-names.js';
export { referenceGraph } from './reference-graph.js';
export { verificationBoards } from './verification-boards.js';
export { VERIFICATION_POSITIONS } from './verification-positions.js';
