import {
  type ExportFormat,
  type ExportJobData,
  type JsonObject,
  type JsonValue,
  toIsoSeconds,
  type VerifyLevel,
} from '@caissa/shared';

/** The network is converted and verified on the CPU always. */
const DEVICE_USED = 'CPU';

/** What a file cannot say of itself: its own digest, and what was found out when it was done. */
const OUTSIDE_ONLY = new Set(['sha256', 'verification']);

/** What is known of an export before its bytes are. */
export interface ExportFacts {
  readonly data: ExportJobData;
  readonly exportDate: Date;
  readonly sourceSha256: string;
}

/** What was found out about an export once it was written. */
export interface ExportFindings {
  readonly sha256: string;
  readonly verification: { readonly level: VerifyLevel };
}

/** The caller's entries and then the system's, which nobody can override: what is written into the file. */
export function metadataInFile(facts: ExportFacts): JsonObject {
  const { data, exportDate, sourceSha256 } = facts;
  const callers = Object.entries(data.metadata).filter(([name]) => !OUTSIDE_ONLY.has(name));
  return {
    ...Object.fromEntries(callers),
    export_date: toIsoSeconds(exportDate),
    export_format: data.format,
    device_used: DEVICE_USED,
    source_model: data.model_name,
    source_sha256: sourceSha256,
    ...opsetOf(data.format, data.options.opset),
  };
}

/** The whole metadata of an export: the checkpoint's, what stands in the file, and what was found out afterwards. */
export function metadataOfExport(checkpoints: JsonObject, inFile: JsonObject, findings: ExportFindings): JsonObject {
  return { ...checkpoints, ...inFile, sha256: findings.sha256, verification: { ...findings.verification } };
}

/** Metadata as the texts that ONNX keeps: a text as it is, anything else as JSON. */
export function toOnnxProperties(metadata: JsonObject): Record<string, string> {
  const text = (value: JsonValue) => (typeof value === 'string' ? value : JSON.stringify(value));
  return Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, text(value)]));
}

function opsetOf(format: ExportFormat, opset: number): JsonObject {
  return format === 'onnx' ? { opset_version: opset } : {};
}
