import { z } from 'zod';

/** Conditions in which Redis does nothing, or takes no writes; one at a time. */
export const REDIS_OUTAGES = [
  'REDIS_UNREACHABLE',
  'REDIS_DENIED',
  'REDIS_UNSUITABLE',
  'REDIS_STARTING',
  'REDIS_READ_ONLY',
  'REDIS_FULL',
] as const;

/** Conditions in which no job can be done. */
export const OUTAGES = [...REDIS_OUTAGES, 'STORE_UNREACHABLE'] as const;

/** Every code of a condition. What each one means: docs/operations.md. */
export const CONDITION_CODES = [...OUTAGES, 'REDIS_EVICTS', 'QUEUE_PAUSED', 'ACTIVE_FOLDER_UNWRITABLE'] as const;

/** Something that is wrong with a service now, and that somebody has to mend. */
export const conditionSchema = z
  .object({
    code: z.enum(CONDITION_CODES),
    message: z.string().describe('Cause and cure, in a sentence.'),
    since: z.iso.datetime(),
  })
  .meta({ id: 'Condition' });

/** Answer of `/readyz`, with 200 if ready and 503 if not. */
export const readinessSchema = z
  .object({
    ready: z.boolean().describe('Whether the process can do what it is for.'),
    conditions: z.array(conditionSchema).describe('What is wrong now, also with a process that is ready.'),
  })
  .meta({ id: 'Readiness', example: { ready: true, conditions: [] } });

export type ConditionCode = z.infer<typeof conditionSchema>['code'];
export type Condition = z.infer<typeof conditionSchema>;
export type Readiness = z.infer<typeof readinessSchema>;
