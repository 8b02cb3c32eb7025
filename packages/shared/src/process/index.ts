export { Conditions } from './conditions.js';
export { Lifecycle, runService, withTimeout } from './lifecycle.js';
export { createLogger, type Logger } from './logger.js';
export { measureProcess, packageVersion } from './package-version.js';
export { startPatientTimer } from './patient-timer.js';
export { neverWaitForOutput } from './standard-streams.js';
export { onHangUp, onStopSignals } from './stop-signals.js';
