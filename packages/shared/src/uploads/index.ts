export { type BegunUpload, sendUpload, type UploadTransport } from './send-upload.js';
