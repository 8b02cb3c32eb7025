import { freemem } from 'node:os';
import type { Verification, VerificationLevel } from './artifact-metadata.js';

/** Below this a model is always verified: any machine that serves models has room for it. */
const ALWAYS_VERIFIED_BYTES = 512 << 20;

/** What onnxruntime takes to open and run a model, as a multiple of its weights: once if they lie beside it, twice if in it. */
const MEMORY_FACTOR = 2;

/**
 * What is reported where a model cannot be verified because opening it would take more memory than is free: without
 * this check the system would end some process, and not necessarily the one that asked for so much.
 */
export function skippedForMemory(
  requested: VerificationLevel,
  modelBytes: number,
  freeBytes: number = freeMemory(),
): Verification | undefined {
  const neededBytes = modelBytes * MEMORY_FACTOR;
  if (modelBytes < ALWAYS_VERIFIED_BYTES || neededBytes <= freeBytes) return undefined;
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  const note = `Not run, only its weights were compared: opening the model takes about ${gib(neededBytes)} GiB of memory, and less was free.`;
  return { level: 'none', requested, note };
}

/** What this process and its children may still take: a container's limit counts too. */
function freeMemory(): number {
  return Math.min(freemem(), process.availableMemory());
}
