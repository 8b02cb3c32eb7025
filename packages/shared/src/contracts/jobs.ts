import {
  DEFAULT_VERIFY_LEVEL,
  factsOf,
  formatNames,
  formatOptions,
  listed,
  type OptionFacts,
  type OptionName,
  VERIFY_LEVELS,
} from '@caissa/formats';
import { z } from 'zod';
import { callerMetadataSchema, metadataSchema, warningsSchema, weightsPathSchema } from './json.js';
import { exportFormatSchema, filenameSchema, modelNameSchema } from './names.js';

/** The kinds of work, one queue each. */
export const jobTypeSchema = z.enum(['export', 'load', 'inspect']).meta({ id: 'JobType' });

export type JobType = z.infer<typeof jobTypeSchema>;

/** All kinds of work. */
export const JOB_TYPES: readonly JobType[] = jobTypeSchema.options;

/** How far an export is checked before anybody sees it. */
export const verifyLevelSchema = z
  .enum(VERIFY_LEVELS)
  .meta({ id: 'VerifyLevel' })
  .describe(
    'none: written and not looked at. quick: every weight is compared with the checkpoint; an ONNX file is run in onnxruntime, ' +
      'and its outputs are compared with an independent computation for one dense input. full: for chess positions too; ' +
      'of a PyTorch file every byte is compared.',
  );

const optionShape = Object.fromEntries(
  formatOptions().map(([name, facts]) => [name, optionSchema(name, facts)]),
) as Record<OptionName, ReturnType<typeof optionSchema>>;

/** Choices a caller has for an export. */
export const exportOptionsSchema = z
  .object({ ...optionShape, verify: verifyLevelSchema.default(DEFAULT_VERIFY_LEVEL) })
  .meta({ id: 'ExportOptions' });

export type ExportOptions = z.infer<typeof exportOptionsSchema>;

function optionSchema(name: OptionName, { label, min, max, default: usual }: OptionFacts) {
  const others = formatNames().filter((format) => !Object.hasOwn(factsOf(format).options, name));
  const ignored =
    others.length === 0 ? '' : `; ignored by the ${listed(others, 'and')} format${others.length > 1 ? 's' : ''}`;
  return z.int().min(min).max(max).default(usual).describe(`${label}${ignored}.`);
}

const common = {
  model_name: modelNameSchema,
  /** Set when somebody asked for the job to be cancelled. */
  cancel_requested_at: z.iso.datetime().optional(),
  /** Who asked: the name of the access key. */
  requested_by: z.string().optional(),
  /** Request id, so that logs of the API and of a worker can be joined. */
  request_id: z.string().optional(),
};

/** Payload of an `export` job. */
export const exportJobDataSchema = z.object({
  ...common,
  format: exportFormatSchema,
  metadata: callerMetadataSchema,
  weights: weightsPathSchema.optional(),
  options: exportOptionsSchema,
});

/** What an activation does to the active pointer. */
export const activationKindSchema = z.enum(['load', 'rollback', 'unload']).meta({ id: 'ActivationKind' });

export type ActivationKind = z.infer<typeof activationKindSchema>;

/** Payload of a `load` job. `model_name` is the model to serve; of an `unload`, the one that was served. */
export const loadJobDataSchema = z.object({
  ...common,
  kind: activationKindSchema.default('load'),
  /** Place in the order of requests; see `takeTurn`. Left out by whoever does not care for the order. */
  sequence: z.int().positive().optional(),
  /** What a rollback goes back to. */
  target: z.object({ generation: z.int().positive(), source_sha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
});

/** Payload of an `inspect` job. */
export const inspectJobDataSchema = z.object({
  ...common,
  /** The file as it was when the job was queued; see `fileIdentity`. */
  identity: z.string(),
  /** A temporary file of the model folder that is to become `model_name`; a bad one fails the job. */
  upload: z
    .string()
    .regex(/^\.upload-[0-9a-f]{32}$/)
    .optional(),
});

export type ExportJobData = z.infer<typeof exportJobDataSchema>;
export type LoadJobData = z.input<typeof loadJobDataSchema>;
export type InspectJobData = z.infer<typeof inspectJobDataSchema>;

/** Payload schema of each queue. */
export const JOB_DATA_SCHEMAS = {
  export: exportJobDataSchema,
  load: loadJobDataSchema,
  inspect: inspectJobDataSchema,
} as const;

/** Payload type by kind of work. */
export interface JobDataByType {
  export: ExportJobData;
  load: LoadJobData;
  inspect: InspectJobData;
}

/** How far a job has come. */
export const jobProgressSchema = z
  .object({
    percent: z.number().min(0).max(100),
    stage: z
      .enum(['queued', 'opening', 'reading', 'writing', 'converting', 'verifying', 'warming_up', 'publishing', 'done'])
      .describe('What is being done.'),
  })
  .meta({ id: 'JobProgress' });

export type JobProgress = z.infer<typeof jobProgressSchema>;

const metadataLeftOutSchema = z
  .string()
  .optional()
  .describe('Says that `metadata` is empty because it is too large to be kept with a job, and where it is.');

/** Result of an export, as the requirement shows it. */
export const exportResultSchema = z
  .object({
    success: z.literal(true),
    message: z.string(),
    format: exportFormatSchema,
    filename: filenameSchema,
    file_size_mb: z.number(),
    metadata: metadataSchema,
    metadata_left_out: metadataLeftOutSchema,
    warnings: warningsSchema,
    job_id: z.string(),
    model_name: modelNameSchema,
    size_bytes: z.int(),
    sha256: z.string(),
    data_filename: filenameSchema.optional(),
    data_size_bytes: z.int().optional(),
    data_sha256: z.string().optional(),
    metadata_filename: filenameSchema.optional(),
    download_url: z.string(),
  })
  .meta({ id: 'ExportResult' });

export type ExportResult = z.infer<typeof exportResultSchema>;

/** `idle`: no model is active. `ready`: answers with the model. `opening`: a newer one is on its way. `failed`: it could not open the newest. */
export const replicaStateSchema = z.enum(['idle', 'ready', 'opening', 'failed']).meta({ id: 'ReplicaState' });

/** How many loader processes serve the active model, of how many there are. */
export const replicasSchema = z
  .object({ ready: z.int().nonnegative(), total: z.int().nonnegative() })
  .meta({ id: 'Replicas' });

/** A live loader that does not serve an activation, and what keeps it from doing so. */
export const replicaNotReadySchema = z
  .object({
    id: z.string(),
    host: z.string(),
    state: replicaStateSchema,
    generation: z.int().nonnegative(),
    problem: z.string().nullable(),
  })
  .meta({ id: 'ReplicaNotReady' });

const activationResult = {
  success: z.literal(true),
  message: z.string(),
  model_name: modelNameSchema,
  generation: z.int().positive(),
  replicas: replicasSchema,
  job_id: z.string(),
  not_ready: z
    .array(replicaNotReadySchema)
    .optional()
    .describe('For `wait_for=all`: the live loaders that were not ready when the time was up; empty if all were.'),
};

/** Result of an activation, as the requirement shows it. */
export const loadResultSchema = z
  .object({
    ...activationResult,
    device: z.string(),
    load_date: z.string(),
    metadata: metadataSchema,
    metadata_left_out: metadataLeftOutSchema,
  })
  .meta({ id: 'LoadResult' });

/** Result of an activation that leaves nothing active. `model_name` was served until then. */
export const unloadResultSchema = z
  .object({ ...activationResult, unload_date: z.string() })
  .meta({ id: 'UnloadResult' });

export type LoadResult = z.infer<typeof loadResultSchema>;
export type UnloadResult = z.infer<typeof unloadResultSchema>;
/** Result of a `load` job of any kind. */
export type ActivationResult = LoadResult | UnloadResult;

/** Result of an inspection: what the catalogue now says of the file. */
export const inspectResultSchema = z
  .object({
    success: z.literal(true),
    message: z.string(),
    model_name: modelNameSchema,
    status: z.enum(['ready', 'unreadable', 'gone']),
    job_id: z.string(),
  })
  .meta({ id: 'InspectResult' });

export type InspectResult = z.infer<typeof inspectResultSchema>;

/** Result type by kind of work. */
export interface JobResultByType {
  export: ExportResult;
  load: ActivationResult;
  inspect: InspectResult;
}
