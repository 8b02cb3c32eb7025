import { zodToOpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import { metadataSchema } from '@caissa/shared/contracts';
import { z } from 'zod';

/**
 * Gives the schema of any JSON value a name. It contains itself, so that it can be written down only by reference, and
 * `z.json()` makes it without a name; a name given by `.meta` would be that of a copy, which still contains the original.
 */
export function nameJsonValue(): void {
  const value = metadataSchema instanceof z.ZodRecord ? metadataSchema.valueType : undefined;
  if (!(value instanceof z.ZodLazy)) throw new TypeError('metadata is no longer a record of JSON values');
  zodToOpenAPIRegistry.add(value, { _internal: { refId: 'JsonValue' }, description: 'Any JSON value.' });
}
