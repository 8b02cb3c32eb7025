import { z } from 'zod';
import { problemSchema } from '../errors/problem.js';
import {
  activationKindSchema,
  exportOptionsSchema,
  exportResultSchema,
  inspectResultSchema,
  jobProgressSchema,
  jobTypeSchema,
  loadResultSchema,
  replicaStateSchema,
  replicasSchema,
  unloadResultSchema,
} from './jobs.js';
import { callerMetadataSchema, metadataSchema } from './json.js';
import { exportFormatSchema, filenameSchema, modelNameSchema } from './names.js';

const success = z.literal(true);

/** What is known of a network's shape. */
export const architectureSchema = z
  .object({
    num_channels: z.int(),
    num_res_blocks: z.int(),
    input_shape: z.array(z.int()).describe('[planes, ranks, files]'),
    output_shapes: z.object({ policy: z.int(), value: z.int() }),
    parameters: z.int(),
  })
  .meta({ id: 'Architecture' });

/** A tensor of a checkpoint, without its values. */
export const tensorSummarySchema = z
  .object({ name: z.string(), dtype: z.string(), shape: z.array(z.int()) })
  .meta({ id: 'TensorSummary' });

const modelFields = {
  name: modelNameSchema,
  version: z.int().nullable(),
  training_date: z.string().nullable(),
  file_size_mb: z.number(),
  metadata: metadataSchema,
  is_current: z.boolean(),
  size_bytes: z.int(),
  status: z.enum(['ready', 'inspecting', 'unreadable']),
  architecture: architectureSchema.nullable(),
  problem: problemSchema.optional(),
};

/** One row of the list of models. */
export const modelSummarySchema = z.object(modelFields).meta({ id: 'ModelSummary' });

/** Answer of `GET /api/model/list`. */
export const modelListSchema = z
  .object({
    success,
    models: z.array(modelSummarySchema),
    count: z.int().describe('Models in all, not on this page.'),
    next_cursor: z.string().optional(),
  })
  .meta({ id: 'ModelList' });

/** Answer of `GET /api/model/info/{model_name}`. */
export const modelInfoSchema = z
  .object({
    success,
    ...modelFields,
    sha256: z.string().nullable(),
    tensors: z.array(tensorSummarySchema),
  })
  .meta({ id: 'ModelInfo' });

/** Body of `POST /api/model/export/{format}/{model_name}`. */
export const exportRequestSchema = z
  .strictObject({ metadata: callerMetadataSchema.optional(), options: exportOptionsSchema.optional() })
  .meta({ id: 'ExportRequest' });

/** One row of the list of exports. */
export const exportSummarySchema = z
  .object({
    filename: filenameSchema,
    format: exportFormatSchema,
    file_size_mb: z.number(),
    export_date: z.string(),
    metadata: metadataSchema,
    model_name: modelNameSchema,
    size_bytes: z.int(),
    sha256: z.string(),
    metadata_filename: filenameSchema.optional(),
    download_url: z.string(),
  })
  .meta({ id: 'ExportSummary' });

/** Answer of `GET /api/model/exports`. */
export const exportListSchema = z
  .object({
    success,
    exports: z.array(exportSummarySchema),
    count: z.int().describe('Exports in all, not on this page.'),
    next_cursor: z.string().optional(),
  })
  .meta({ id: 'ExportList' });

/** Body of `POST /api/model/exports/cleanup`. */
export const cleanupRequestSchema = z
  .strictObject({ keep_recent: z.int().nonnegative(), dry_run: z.boolean().default(false) })
  .meta({ id: 'CleanupRequest' });

/** Answer of a deletion or a clean-up. */
export const removalSchema = z
  .object({
    success,
    message: z.string(),
    dry_run: z.boolean(),
    removed: z.array(z.object({ filename: filenameSchema, size_bytes: z.int() })),
    removed_bytes: z.int(),
  })
  .meta({ id: 'Removal' });

/** One live loader, as the list of replicas shows it. */
export const replicaSchema = z
  .object({
    id: z.string(),
    host: z.string(),
    state: replicaStateSchema,
    model_name: z.string().nullable().describe('The model that it answers with now.'),
    generation: z.int().nonnegative().describe('Generation that it has reached; 0 before the first.'),
    device: z.string(),
    problem: z.string().nullable(),
  })
  .meta({ id: 'Replica' });

/** Answer of `GET /api/model/current`. */
export const currentModelSchema = z
  .object({
    success,
    loaded: z.boolean(),
    message: z.string().optional(),
    model_name: modelNameSchema.optional(),
    version: z.int().nullable().optional(),
    metadata: metadataSchema.optional(),
    device: z.string().optional(),
    load_date: z.string().optional(),
    sha256: z.string().optional(),
    generation: z.int().nonnegative(),
    replicas: replicasSchema,
    replica_list: z.array(replicaSchema),
    device_info: z.object({ device_type: z.enum(['cpu', 'cuda']), device_name: z.string(), is_gpu: z.boolean() }),
  })
  .meta({ id: 'CurrentModel' });

/** Answer of `GET /api/device/info`. */
export const deviceInfoSchema = z
  .object({
    success,
    device_type: z.enum(['cpu', 'cuda']),
    device_name: z.string(),
    is_gpu: z.boolean(),
    cpu: z.object({ model: z.string(), cores: z.int() }),
    memory: z.object({ total_bytes: z.int(), free_bytes: z.int() }),
    execution_providers: z.array(z.string()),
    gpu: z.object({ memory_allocated: z.int() }).optional(),
    replicas: replicasSchema,
    replica_list: z.array(replicaSchema),
  })
  .meta({ id: 'DeviceInfo' });

/** One side of an activation: what was served under a generation. After an unload there is no model. */
export const activationStateSchema = z
  .object({
    generation: z.int().positive(),
    model_name: modelNameSchema.nullable(),
    version: z.int().nullable(),
    source_sha256: z.string().nullable(),
  })
  .meta({ id: 'ActivationState' });

/** What was found out about a model before the pointer moved to it. */
export const activationChecksSchema = z
  .object({
    positions: z.int().describe('Positions that the model was run on.'),
    probability_sum_error: z.number().describe('Largest distance of a policy from summing to 1.'),
    max_abs_value: z.number().describe('Largest absolute value; at most 1.'),
    converted: z.boolean().describe('False if the converted model was there already.'),
  })
  .meta({ id: 'ActivationChecks' });

/** One entry of the journal: what became of a request to change what is served. */
export const activationEntrySchema = z
  .object({
    job_id: z.string().describe('The job; of a request that was refused at once, an id of the entry alone.'),
    kind: activationKindSchema,
    model_name: modelNameSchema.describe('The model that was asked for; of an unload, the one that was served.'),
    requested_by: z.string().nullable(),
    requested_at: z.iso.datetime(),
    started_at: z.iso.datetime().describe('Begin of the first attempt.'),
    finished_at: z.iso.datetime().nullable(),
    duration_ms: z.int().nonnegative().nullable(),
    attempts: z.int().nonnegative(),
    from: activationStateSchema.nullable().describe('What was served before; null before the first activation.'),
    to: activationStateSchema.nullable().describe('What is served since; null unless it succeeded.'),
    checks: activationChecksSchema.nullable(),
    outcome: z.enum(['running', 'succeeded', 'failed', 'superseded', 'cancelled']),
    problem: problemSchema.optional(),
  })
  .meta({ id: 'ActivationEntry' });

/** See {@link activationEntrySchema}. */
export type ActivationEntry = z.infer<typeof activationEntrySchema>;
/** See {@link activationStateSchema}. */
export type ActivationState = z.infer<typeof activationStateSchema>;
/** See {@link activationChecksSchema}. */
export type ActivationChecks = z.infer<typeof activationChecksSchema>;

/** Answer of `GET /api/model/activations`. */
export const activationListSchema = z
  .object({
    success,
    activations: z.array(activationEntrySchema),
    count: z.int().describe('Entries in all, not on this page.'),
    next_cursor: z.string().optional(),
  })
  .meta({ id: 'ActivationList' });

/** Body of `POST /api/model/rollback`. */
export const rollbackRequestSchema = z
  .strictObject({ generation: z.int().positive().optional() })
  .meta({ id: 'RollbackRequest' });

/** See {@link replicaSchema}. */
export type ReplicaSummary = z.infer<typeof replicaSchema>;

/** State of a job as clients see it. */
export const jobStatusSchema = z
  .enum(['queued', 'active', 'completed', 'failed', 'cancelled'])
  .meta({ id: 'JobStatus' });

/** See {@link jobStatusSchema}. */
export type JobStatus = z.infer<typeof jobStatusSchema>;

/** A job as clients see it. */
export const jobSchema = z
  .object({
    success,
    job_id: z.string(),
    type: jobTypeSchema,
    status: jobStatusSchema,
    progress: jobProgressSchema,
    model_name: modelNameSchema,
    format: exportFormatSchema.optional(),
    kind: activationKindSchema.optional().describe('Of a `load` job: what it does.'),
    attempts: z.int().describe('Times a worker has begun it.'),
    created_at: z.string(),
    started_at: z.string().optional(),
    finished_at: z.string().optional(),
    cancel_requested: z.boolean(),
    result: z.union([exportResultSchema, loadResultSchema, unloadResultSchema, inspectResultSchema]).optional(),
    error: problemSchema.optional(),
    links: z.object({ self: z.string(), events: z.string(), download: z.string().optional() }),
  })
  .meta({ id: 'Job' });

/** See {@link jobSchema}. */
export type JobView = z.infer<typeof jobSchema>;

/** Answer of `GET /api/jobs`. */
export const jobListSchema = z
  .object({ success, jobs: z.array(jobSchema), next_cursor: z.string().optional() })
  .meta({ id: 'JobList' });

/** Answer 202 of the routes that start work. */
export const jobAcceptedSchema = z
  .object({
    success,
    job_id: z.string(),
    type: jobTypeSchema,
    status: z.enum(['queued', 'active', 'completed', 'failed', 'cancelled']),
    status_url: z.string(),
    events_url: z.string(),
    model_name: modelNameSchema,
    format: exportFormatSchema.optional(),
    message: z.string(),
  })
  .meta({ id: 'JobAccepted' });

/** Answer of `PUT /api/model/upload/{model_name}`. */
export const uploadResultSchema = z
  .object({
    success,
    message: z.string(),
    name: modelNameSchema,
    size_bytes: z.int(),
    file_size_mb: z.number(),
    sha256: z.string(),
    job_id: z.string().optional(),
    status: z.enum(['ready', 'inspecting', 'unreadable']),
  })
  .meta({ id: 'UploadResult' });

/** See {@link modelSummarySchema}. */
export type ModelSummary = z.infer<typeof modelSummarySchema>;
/** See {@link modelInfoSchema}. */
export type ModelInfo = z.infer<typeof modelInfoSchema>;
/** See {@link exportSummarySchema}. */
export type ExportSummary = z.infer<typeof exportSummarySchema>;
/** See {@link architectureSchema}. */
export type ArchitectureSummary = z.infer<typeof architectureSchema>;
/** See {@link tensorSummarySchema}. */
export type TensorSummary = z.infer<typeof tensorSummarySchema>;
/** See {@link deviceInfoSchema}. */
export type DeviceInfo = z.infer<typeof deviceInfoSchema>;
/** See {@link currentModelSchema}. */
export type CurrentModel = z.infer<typeof currentModelSchema>;
/** See {@link modelListSchema}. */
export type ModelList = z.infer<typeof modelListSchema>;
/** See {@link exportListSchema}. */
export type ExportList = z.infer<typeof exportListSchema>;
/** See {@link activationListSchema}. */
export type ActivationList = z.infer<typeof activationListSchema>;
/** See {@link jobListSchema}. */
export type JobList = z.infer<typeof jobListSchema>;
/** See {@link jobAcceptedSchema}. */
export type JobAccepted = z.infer<typeof jobAcceptedSchema>;
/** See {@link removalSchema}. */
export type Removal = z.infer<typeof removalSchema>;
/** See {@link uploadResultSchema}. */
export type UploadResult = z.infer<typeof uploadResultSchema>;
