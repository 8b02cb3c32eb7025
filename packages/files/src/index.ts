export { type FileIdentity, FileSource } from './file-source.js';
