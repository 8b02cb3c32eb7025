import type { JsonValue } from '@caissa/pytorch';

/** The formats that a checkpoint can be exported to. */
export type ArtifactFormat = 'pytorch' | 'onnx';

/** Metadata: a JSON object. */
export type Metadata = { [key: string]: JsonValue };

/** What is asked for, as everybody who exports asks for it. */
export interface ArtifactRequest {
  /** The checkpoint's file name without `.pt`. */
  readonly modelName: string;
  readonly format: ArtifactFormat;
  /** The caller's entries. */
  readonly metadata: Metadata;
  /** ONNX operator set, 11 to 21; of no effect on the pytorch format. */
  readonly opset: number;
  readonly verify: 'none' | 'quick' | 'full';
  /** ISO 8601 in UTC, whole seconds. */
  readonly exportDate: string;
}

/** What was found out about an artifact once it was written. */
export interface ArtifactFindings {
  readonly sha256: string;
  /** Of the file that holds the weights, where that is not the artifact itself. */
  readonly dataSha256: string | undefined;
  readonly verification: {
    readonly level: ArtifactRequest['verify'];
    /** Present where less was verified than was asked for: the level that was, and why. */
    readonly requested?: ArtifactRequest['verify'];
    readonly note?: string;
  };
}

/** The network is converted and verified on the CPU always. */
const DEVICE_USED = 'CPU';

/** What a file cannot say of itself: its own digest, and what was found out when it was done. */
const OUTSIDE_ONLY = new Set(['sha256', 'data_sha256', 'verification']);

/** The caller's entries and then the system's, which nobody can override: what is written into the file. */
export function metadataInFile(request: ArtifactRequest, sourceSha256: string): Metadata {
  const callers = Object.entries(request.metadata).filter(([name]) => !OUTSIDE_ONLY.has(name));
  return {
    ...Object.fromEntries(callers),
    export_date: request.exportDate,
    export_format: request.format,
    device_used: DEVICE_USED,
    source_model: request.modelName,
    source_sha256: sourceSha256,
    ...(request.format === 'onnx' ? { opset_version: request.opset } : {}),
  };
}

/** The whole metadata of an artifact: the checkpoint's, what stands in the file, and what was found out afterwards. */
export function metadataOfArtifact(checkpoints: Metadata, inFile: Metadata, findings: ArtifactFindings): Metadata {
  const { sha256, dataSha256, verification } = findings;
  const data = dataSha256 === undefined ? {} : { data_sha256: dataSha256 };
  return { ...checkpoints, ...inFile, sha256, ...data, verification: { ...verification } };
}

/** Metadata as the texts that ONNX keeps: a text as it is, anything else as JSON. */
export function toOnnxProperties(metadata: Metadata): Record<string, string> {
  const text = (value: JsonValue) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, text(value)]));
}
