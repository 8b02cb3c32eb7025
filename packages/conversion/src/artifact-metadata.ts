import {
  type Format,
  factsOf,
  type JsonObject,
  type OptionName,
  type OptionValues,
  type VerifyLevel,
} from '@caissa/formats';

/** How much is verified, where anything is: what the file is and gives, or also that this agrees with the checkpoint. */
export type VerificationLevel = Exclude<VerifyLevel, 'none'>;

/** What is asked for, as everybody who exports asks for it; options that the format has not are of no effect. */
export interface ArtifactRequest extends OptionValues {
  /** The checkpoint's file name without `.pt`. */
  readonly modelName: string;
  readonly format: Format;
  /** The caller's entries. */
  readonly metadata: JsonObject;
  readonly verify: VerifyLevel;
  /** Path of the weights that are to be taken; see `ReadOptions`. */
  readonly weights?: string | undefined;
  /** ISO 8601 in UTC, whole seconds. */
  readonly exportDate: string;
}

/** What an artifact is made of, as far as its metadata tell. */
export interface ArtifactOrigin {
  /** Digest of the checkpoint's file. */
  readonly sha256: string;
  /** What was found in it and is not carried. */
  readonly warnings: readonly string[];
}

/** What was verified of an artifact; each format adds what it has found. */
export interface Verification {
  readonly level: VerifyLevel;
  /** Present where less was verified than was asked for: the level that was, and why. */
  readonly requested?: VerifyLevel;
  readonly note?: string;
}

/** What was found out about an artifact once it was written. */
export interface ArtifactFindings {
  readonly sha256: string;
  /** Of the file that holds the weights, where that is not the artifact itself. */
  readonly dataSha256: string | undefined;
  readonly verification: Verification;
}

/** The network is converted and verified on the CPU always. */
const DEVICE_USED = 'CPU';

/** What a file cannot say of itself: its own digest, and what was found out when it was done. */
const OUTSIDE_ONLY = new Set(['sha256', 'data_sha256', 'verification']);

/** The caller's entries and then the system's, which nobody can override: what is written into the file. */
export function metadataInFile(request: ArtifactRequest, { sha256, warnings }: ArtifactOrigin): JsonObject {
  const callers = Object.entries(request.metadata).filter(([name]) => !OUTSIDE_ONLY.has(name));
  return {
    ...Object.fromEntries(callers),
    export_date: request.exportDate,
    export_format: request.format,
    device_used: DEVICE_USED,
    source_model: request.modelName,
    source_sha256: sha256,
    ...(request.weights === undefined ? {} : { weights_path: request.weights }),
    ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
    ...optionsHeeded(request),
  };
}

/** The options that the format has, by their names in metadata. */
function optionsHeeded(request: ArtifactRequest): JsonObject {
  const options = Object.entries(factsOf(request.format).options);
  return Object.fromEntries(options.map(([name, { metadataName }]) => [metadataName, request[name as OptionName]]));
}

/** The whole metadata of an artifact: the checkpoint's, what stands in the file, and what was found out afterwards. */
export function metadataOfArtifact(
  checkpoints: JsonObject,
  inFile: JsonObject,
  findings: ArtifactFindings,
): JsonObject {
  const { sha256, dataSha256, verification } = findings;
  const data = dataSha256 === undefined ? {} : { data_sha256: dataSha256 };
  return { ...checkpoints, ...inFile, sha256, ...data, verification: { ...verification } };
}
