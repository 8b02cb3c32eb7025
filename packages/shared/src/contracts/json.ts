import { type JsonObject, metadataRefusal } from '@caissa/formats';
import { z } from 'zod';

/** Free-form training or export metadata. */
export const metadataSchema = z
  .record(z.string(), z.json())
  .meta({ id: 'Metadata', example: { win_rate: 0.75, exported_by: 'User' } }) as z.ZodType<JsonObject>;

/** Metadata that a caller sends with an export: bounded in depth and size. */
export const callerMetadataSchema = z
  .custom<JsonObject>()
  .superRefine((value, context) => {
    const message = metadataRefusal(value);
    if (message !== undefined) context.addIssue({ code: 'custom', message });
  })
  .meta({ id: 'CallerMetadata', type: 'object', additionalProperties: true, example: { exported_by: 'User' } });
