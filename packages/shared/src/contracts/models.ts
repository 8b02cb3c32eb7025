import { UNKNOWN } from '@caissa/formats';
import { z } from 'zod';
import { problemSchema } from '../errors/problem.js';
import { completenessFields } from './completeness.js';
import { metadataSchema, warningsSchema } from './json.js';
import { modelNameSchema } from './names.js';

const success = z.literal(true);

/** What is known of a network's shape. */
export const architectureSchema = z
  .object({
    num_channels: z.int(),
    num_res_blocks: z.int(),
    input_shape: z.array(z.int()).describe('[planes, ranks, files]'),
    output_shapes: z.object({ policy: z.int(), value: z.int() }),
    policy_planes: z.int().optional().describe('Planes of the policy head, before its fully connected layer.'),
    value_planes: z.int().optional().describe('Planes of the value head, before its fully connected layers.'),
    value_hidden: z.int().optional().describe('Units of the value head’s hidden layer.'),
    parameters: z.int(),
    batch_norm_eps: z.number().optional().describe('Epsilon of the batch norms, where the checkpoint declares it.'),
  })
  .meta({ id: 'Architecture' });

/** A tensor of a checkpoint, without its values. */
export const tensorSummarySchema = z
  .object({ name: z.string(), dtype: z.string(), shape: z.array(z.int()) })
  .meta({ id: 'TensorSummary' });

/** A model's version as its checkpoint tells it. */
export const versionSchema = z
  .union([z.int(), z.string()])
  .describe(
    `A whole number where it is one, else a text such as \`best\`; \`${UNKNOWN}\` where the checkpoint tells none.`,
  )
  .meta({ id: 'ModelVersion', example: 3 });

const modelFields = {
  name: modelNameSchema,
  filename: z
    .string()
    .describe(
      'The file in the model folder. A model is called by it without its extension; where that is not a valid name, or another file has it, by a name that is made from it.',
    ),
  version: versionSchema,
  training_date: z.string().describe(`As the checkpoint writes it; \`${UNKNOWN}\` where it tells none.`),
  file_size_mb: z.number(),
  metadata: metadataSchema,
  is_current: z.boolean(),
  size_bytes: z.int(),
  status: z.enum(['ready', 'inspecting', 'unreadable']),
  being_written: z
    .boolean()
    .optional()
    .describe('There, and true, while the file is seen to change: inspection starts when it stops changing.'),
  architecture: architectureSchema.nullable(),
  problem: problemSchema.optional(),
  deployable: z
    .boolean()
    .describe(
      'Whether it can be made active: it is `ready`, and its network is of the size that the loaders expect (`EXPECTED_CHANNELS`, `EXPECTED_BLOCKS`), as far as one has said.',
    ),
  deploy_problem: problemSchema
    .optional()
    .describe('Why loading it would be refused, where the model is `ready` all the same.'),
  warnings_count: z.int().nonnegative().describe('How many `warnings` the details of the model have.'),
};

/** One row of the list of models. */
export const modelSummarySchema = z.object(modelFields).meta({ id: 'ModelSummary' });

/** Answer of `GET /api/model/list`. */
export const modelListSchema = z
  .object({
    success,
    models: z.array(modelSummarySchema),
    count: z.int().describe('Models in all, not on this page.'),
    ...completenessFields('Models', 'every model has been inspected; those that have not are `inspecting`'),
    left_out: z
      .array(z.object({ filename: z.string(), reason: z.string() }))
      .optional()
      .describe('Checkpoints of the model folder that cannot be listed, and why, if there are any: the first hundred.'),
    next_cursor: z.string().optional(),
  })
  .meta({ id: 'ModelList' });

/** Answer of `GET /api/model/info/{model_name}`. */
export const modelInfoSchema = z
  .object({
    success,
    ...modelFields,
    sha256: z.string().nullable(),
    warnings: warningsSchema,
    tensors: z.array(tensorSummarySchema),
  })
  .meta({ id: 'ModelInfo' });

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

/** An upload that comes in pieces: answer of `POST /api/model/upload/{model_name}` and of the address that it gives. */
export const uploadStateSchema = z
  .object({
    success,
    message: z.string(),
    name: modelNameSchema,
    size_bytes: z.int(),
    kept_bytes: z.int().describe('Where the next piece begins.'),
    links: z.object({ self: z.string().describe('Where pieces are sent to.') }),
  })
  .meta({ id: 'UploadState' });

export type ArchitectureSummary = z.infer<typeof architectureSchema>;
export type TensorSummary = z.infer<typeof tensorSummarySchema>;
export type ModelSummary = z.infer<typeof modelSummarySchema>;
export type ModelList = z.infer<typeof modelListSchema>;
export type ModelInfo = z.infer<typeof modelInfoSchema>;
export type UploadState = z.infer<typeof uploadStateSchema>;
export type UploadResult = z.infer<typeof uploadResultSchema>;
