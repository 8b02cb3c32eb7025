import { z } from 'zod';

/** Any JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object with string keys, as metadata is. */
export type JsonObject = { [key: string]: JsonValue };

/** Bytes of JSON that a caller's metadata may take. It travels through the queue, which is for small things. */
export const METADATA_LIMIT_BYTES = 65_536;

/** Depth to which a caller's metadata may be nested. */
export const METADATA_LIMIT_DEPTH = 16;

/** Free-form training or export metadata. */
export const metadataSchema = z
  .record(z.string(), z.json())
  .meta({ id: 'Metadata', example: { win_rate: 0.75, exported_by: 'User' } }) as z.ZodType<JsonObject>;

function depthOf(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce<number>((deepest, inner) => Math.max(deepest, depthOf(inner)), 0);
}

/** Metadata that a caller sends with an export: bounded in size and depth. */
export const callerMetadataSchema = metadataSchema
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= METADATA_LIMIT_BYTES, {
    message: `must not exceed ${METADATA_LIMIT_BYTES} bytes of JSON`,
  })
  .refine((value) => depthOf(value) <= METADATA_LIMIT_DEPTH, {
    message: `must not be nested deeper than ${METADATA_LIMIT_DEPTH} levels`,
  });
