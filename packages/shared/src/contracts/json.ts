import { type JsonObject, metadataRefusal, WEIGHTS_PATH_LIMIT } from '@caissa/formats';
import { z } from 'zod';

/** Free-form training or export metadata. */
export const metadataSchema = z
  // Not a record of zod's, which copies its entries and leaves out one named `__proto__`.
  .custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value))
  .meta({
    id: 'Metadata',
    type: 'object',
    additionalProperties: true,
    example: { win_rate: 0.75, exported_by: 'User' },
  });

/** What was found in a checkpoint and is not carried into what is made of it, or contradicts the rest of it. */
export const warningsSchema = z
  .array(z.string())
  .describe('What was found in the checkpoint and is not carried, or contradicts the rest of it: a sentence each.')
  .meta({
    id: 'Warnings',
    example: ['config.phase is a trainer.Phase: it is kept as plain values, not as an object.'],
  });

/** Where in a checkpoint the weights stand that an export is to take. */
export const weightsPathSchema = z
  .string()
  .min(1)
  .max(WEIGHTS_PATH_LIMIT)
  .describe(
    'Path in the checkpoint of the weights to export, where it holds several networks. Without it the first in the ' +
      'documented order are taken; a path that leads to none is refused with those there are.',
  )
  .meta({ id: 'WeightsPath', example: 'ema.module' });

/** Metadata that a caller sends with an export: bounded in depth and size. */
export const callerMetadataSchema = z
  .custom<JsonObject>()
  .superRefine((value, context) => {
    const message = metadataRefusal(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({ id: 'CallerMetadata', type: 'object', additionalProperties: true, example: { exported_by: 'User' } });
