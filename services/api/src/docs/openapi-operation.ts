import type { z } from 'zod';
import type { Direction, JsonSchema, SchemaWriter } from './openapi-schemas.js';

/** Bodies by media type. */
export type Content = Readonly<Record<string, { readonly schema: z.ZodType; readonly example?: unknown }>>;

/** A response header. */
export interface Header {
  readonly description: string;
  readonly schema: { readonly type: 'string' | 'integer' };
}

/** One answer of an operation. */
export interface OperationResponse {
  readonly description: string;
  readonly headers?: Readonly<Record<string, Header>>;
  readonly content?: Content;
}

/** A request and its answers, before its schemas are written. */
export interface Operation {
  readonly method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete';
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly params?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
  readonly headers?: z.ZodType | undefined;
  readonly body?: { readonly required: boolean; readonly content: Content } | undefined;
  readonly responses: Readonly<Record<string, OperationResponse>>;
}

/** Writes an operation as OpenAPI has it. Source: OpenAPI 3.1.1, section 4.8.10. */
export function writeOperation(operation: Operation, schemas: SchemaWriter): object {
  const { method, path, params, query, headers, body, responses, ...described } = operation;
  const parameters = [
    ...writeParameters('path', params, schemas),
    ...writeParameters('query', query, schemas),
    ...writeParameters('header', headers, schemas),
  ];
  return {
    ...described,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { ...body, content: writeContent(body.content, 'input', schemas) } }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, { content, ...response }]) => [
        status,
        { ...response, ...(content === undefined ? {} : { content: writeContent(content, 'output', schemas) }) },
      ]),
    ),
  };
}

function writeContent(content: Content, direction: Direction, schemas: SchemaWriter): object {
  return Object.fromEntries(
    Object.entries(content).map(([type, { schema, ...example }]) => [
      type,
      { schema: schemas.write(schema, direction), ...example },
    ]),
  );
}

function writeParameters(place: 'path' | 'query' | 'header', schema: z.ZodType | undefined, schemas: SchemaWriter) {
  if (schema === undefined) return [];
  // What becomes a number is described as one, though it is sent as text like all parameters.
  const { properties = {} } = schemas.write(schema, 'output');
  const { required = [] } = schemas.write(schema, 'input');
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}
