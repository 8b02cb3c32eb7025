export { Lifecycle, runService, withTimeout } from './lifecycle.js';
export { createLogger, type Logger } from './logger.js';
export { measureProcess } from './measure-process.js';
export { packageVersion } from './package-version.js';
export { startPatientTimer } from './patient-timer.js';
