import { z } from 'zod';
import { problemSchema } from '../errors/problem.js';
import {
  activationKindSchema,
  exportResultSchema,
  inspectResultSchema,
  jobProgressSchema,
  jobTypeSchema,
  loadResultSchema,
  unloadResultSchema,
} from './jobs.js';
import { exportFormatSchema, modelNameSchema } from './names.js';

const success = z.literal(true);

/** State of a job as clients see it. */
export const jobStatusSchema = z
  .enum(['queued', 'active', 'completed', 'failed', 'cancelled'])
  .meta({ id: 'JobStatus' });

/** A job as clients see it. */
export const jobSchema = z
  .object({
    success,
    job_id: z.string(),
    type: jobTypeSchema,
    status: jobStatusSchema,
    queue_paused: z
      .literal(true)
      .optional()
      .describe('Of a queued job: an operator has paused its queue, so that no worker takes it until that is resumed.'),
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
    retryable: z
      .boolean()
      .optional()
      .describe('Of a failed job: whether what it works on may still be there. A refused upload is not kept.'),
    links: z.object({ self: z.string(), events: z.string(), download: z.string().optional() }),
  })
  .meta({ id: 'Job' });

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
    queue_paused: z.literal(true).optional().describe('As of the job.'),
    format: exportFormatSchema.optional(),
    message: z.string(),
    warnings: z
      .array(z.string())
      .optional()
      .describe('Fields of the body that are not known and were ignored, if there are any: a sentence each.'),
  })
  .meta({ id: 'JobAccepted' });

export type JobStatus = z.infer<typeof jobStatusSchema>;
export type JobView = z.infer<typeof jobSchema>;
export type JobList = z.infer<typeof jobListSchema>;
export type JobAccepted = z.infer<typeof jobAcceptedSchema>;
