export { GpuMemory } from './gpu-memory.js';
export { type Session, type SessionExit, type SessionOptions, startSession } from './session.js';
export { SessionError, type SessionErrorCode } from './session-error.js';
export type { FloatTensor, FloatTensors, SessionInfo, TensorInfo } from './session-messages.js';
export { SpareProcess } from './session-process.js';
