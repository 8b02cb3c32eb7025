export { type BegunUpload, sendUpload, type UploadTransport } from './send-upload.js';
export { answerTimeoutMs, checkTimeoutMs, SILENCE_MS } from './upload-times.js';
