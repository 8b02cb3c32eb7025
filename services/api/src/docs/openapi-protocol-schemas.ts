import { z } from 'zod';

const tensorSchema = z
  .object({ name: z.string(), datatype: z.string(), shape: z.array(z.int()).describe('-1 stands for any number.') })
  .meta({ id: 'ProtocolTensor' });

const configuredSchema = z.object({ name: z.string(), data_type: z.string(), dims: z.array(z.int()) });

const totalSchema = z.object({ count: z.int(), ns: z.int() }).meta({ id: 'ProtocolTotal' });

const statisticsSchema = z
  .object({
    name: z.string(),
    version: z.string(),
    last_inference: z.int().describe('Milliseconds since 1970; 0 if there was none.'),
    inference_count: z.int(),
    execution_count: z.int(),
    inference_stats: z.object({
      success: totalSchema,
      fail: totalSchema,
      queue: totalSchema,
      compute_input: totalSchema,
      compute_infer: totalSchema,
      compute_output: totalSchema,
    }),
    batch_stats: z.array(z.object({ batch_size: z.int(), compute_infer: totalSchema })),
  })
  .meta({ id: 'ProtocolModelStatistics' });

const parametersSchema = z.record(z.string(), z.unknown());

const requestedTensorSchema = z.object({ name: z.string(), parameters: parametersSchema.optional() });

/** Bodies of the Open Inference Protocol, version 2, with the members that clients need. */
export const PROTOCOL_SCHEMAS = {
  error: z.object({ error: z.string() }).meta({ id: 'ProtocolError' }),
  live: z.object({ live: z.boolean() }).meta({ id: 'ProtocolLive' }),
  ready: z.object({ ready: z.boolean() }).meta({ id: 'ProtocolReady' }),
  modelReady: z.object({ name: z.string(), ready: z.boolean() }).meta({ id: 'ProtocolModelReady' }),
  server: z
    .object({ name: z.string(), version: z.string(), extensions: z.array(z.string()) })
    .meta({ id: 'ProtocolServer' }),
  model: z
    .object({
      name: z.string(),
      versions: z.array(z.string()),
      platform: z.string(),
      inputs: z.array(tensorSchema),
      outputs: z.array(tensorSchema),
    })
    .meta({ id: 'ProtocolModel' }),
  config: z
    .object({
      name: z.string(),
      platform: z.string(),
      max_batch_size: z.int(),
      input: z.array(configuredSchema),
      output: z.array(configuredSchema),
    })
    .meta({ id: 'ProtocolModelConfig' }),
  statistics: z.object({ model_stats: z.array(statisticsSchema) }).meta({ id: 'ProtocolStatistics' }),
  indexRequest: z.object({ ready: z.boolean().optional() }).meta({ id: 'ProtocolIndexRequest' }),
  index: z
    .array(
      z.object({
        name: z.string(),
        version: z.string().optional(),
        state: z.enum(['READY', 'UNAVAILABLE', 'LOADING', 'UNLOADING']),
        reason: z.string(),
      }),
    )
    .meta({ id: 'ProtocolIndex' }),
  repositoryRequest: z.object({ parameters: parametersSchema.optional() }).meta({ id: 'ProtocolRepositoryRequest' }),
  inferRequest: z
    .object({
      id: z.string().optional(),
      parameters: parametersSchema.optional(),
      inputs: z.array(
        requestedTensorSchema.extend({ shape: z.array(z.int()), datatype: z.string(), data: z.unknown().optional() }),
      ),
      outputs: z.array(requestedTensorSchema).optional(),
    })
    .meta({ id: 'ProtocolInferRequest' }),
  inferAnswer: z
    .object({
      model_name: z.string(),
      model_version: z.string(),
      id: z.string().optional(),
      outputs: z.array(
        tensorSchema.extend({ parameters: parametersSchema.optional(), data: z.array(z.number()).optional() }),
      ),
    })
    .meta({ id: 'ProtocolInferAnswer' }),
} as const;
