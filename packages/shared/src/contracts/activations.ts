import { z } from 'zod';
import { problemSchema } from '../errors/problem.js';
import { activationKindSchema, replicaStateSchema, replicasSchema } from './jobs.js';
import { metadataSchema } from './json.js';
import { versionSchema } from './models.js';
import { modelNameSchema } from './names.js';

const success = z.literal(true);

const bytes = z.int().nonnegative();

/** What a loader runs on, as it reports it. */
const deviceFields = {
  device_type: z.enum(['cpu', 'cuda']),
  device_name: z.string().describe('`CPU`, or the name of the GPU.'),
  is_gpu: z.boolean(),
  cpu: z.object({ model: z.string(), cores: z.int() }),
  memory: z.object({ total_bytes: bytes, free_bytes: bytes }).describe('Memory of its machine.'),
  execution_providers: z.array(z.string()).describe('Those of onnxruntime that the session tries, in this order.'),
  gpu: z
    .object({
      memory_allocated: bytes.describe('Bytes in use, by all processes.'),
      memory_total: bytes.optional().describe('Bytes that the GPU has.'),
    })
    .optional()
    .describe('Memory of the GPU, where the driver tells.'),
};

/** A device that models run on. */
export const deviceSchema = z.object(deviceFields).meta({ id: 'Device' });

/** One live loader, as the list of replicas shows it. */
export const replicaSchema = z
  .object({
    id: z.string(),
    host: z.string(),
    state: replicaStateSchema,
    model_name: z.string().nullable().describe('The model that it answers with now.'),
    generation: z.int().nonnegative().describe('Generation that it has reached; 0 before the first.'),
    device: z.string(),
    device_info: deviceSchema,
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
    version: versionSchema.optional(),
    metadata: metadataSchema.optional(),
    device: z.string().optional(),
    load_date: z.string().optional(),
    sha256: z.string().optional(),
    generation: z.int().nonnegative(),
    replicas: replicasSchema,
    replica_list: z.array(replicaSchema),
    device_info: deviceSchema,
  })
  .meta({ id: 'CurrentModel' });

/** Answer of `GET /api/device/info`. */
export const deviceInfoSchema = z
  .object({
    success,
    ...deviceFields,
    replicas: replicasSchema,
    replica_list: z.array(replicaSchema),
  })
  .meta({ id: 'DeviceInfo' });

/** One side of an activation: what was served under a generation. After an unload there is no model. */
export const activationStateSchema = z
  .object({
    generation: z.int().positive(),
    model_name: modelNameSchema.nullable(),
    version: versionSchema.nullable(),
    source_sha256: z.string().nullable(),
  })
  .meta({ id: 'ActivationState' });

/** What was found out about a model before the pointer moved to it. */
export const activationChecksSchema = z
  .object({
    positions: z.int().describe('Positions that the model was run on.'),
    probability_sum_error: z.number().describe('Largest distance of a policy from summing to 1.'),
    max_abs_value: z.number().describe('Largest absolute value; at most 1, but for rounding.'),
    max_abs_difference: z
      .object({ policy: z.number(), value: z.number() })
      .optional()
      .describe('Between the model and an independent computation from its checkpoint, of a model that was converted.'),
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

export type Device = z.infer<typeof deviceSchema>;
export type ReplicaSummary = z.infer<typeof replicaSchema>;
export type CurrentModel = z.infer<typeof currentModelSchema>;
export type DeviceInfo = z.infer<typeof deviceInfoSchema>;
export type ActivationState = z.infer<typeof activationStateSchema>;
export type ActivationChecks = z.infer<typeof activationChecksSchema>;
export type ActivationEntry = z.infer<typeof activationEntrySchema>;
export type ActivationList = z.infer<typeof activationListSchema>;

/** Response header that tells the generation of the activation whose model answered. */
export const GENERATION_HEADER = 'x-caissa-generation';
