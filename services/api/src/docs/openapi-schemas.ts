import { z } from 'zod';

/** JSON Schema, draft 2020-12, which is that of OpenAPI 3.1. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Whether a value is described as it is sent, or as it is after defaults have been filled in. */
export type Direction = 'input' | 'output';

/** Writes schemas for an OpenAPI document. Those with an id become components of it, and are referred to. */
export class SchemaWriter {
  readonly components: Record<string, JsonSchema> = {};

  write(schema: z.ZodType, io: Direction): JsonSchema {
    // Only what stands inside another schema is referred to.
    const { $defs = {}, properties = {} } = z.toJSONSchema(z.object({ schema }), {
      io,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => tidy(zodSchema, jsonSchema),
    });
    Object.assign(this.components, referringToComponents($defs));
    return referringToComponents((properties['schema'] ?? {}) as JsonSchema);
  }
}

function tidy({ _zod: { def } }: z.core.$ZodTypes, schema: JsonSchema): void {
  // Answers may have more members in versions to come; requests are read by the rules of their schema.
  if (def.type === 'object' && def.catchall === undefined) delete schema.additionalProperties;
  // The format says it in one word.
  if (schema.format === 'date-time') delete schema.pattern;
}

function referringToComponents<T>(value: T): T {
  return JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/'));
}
