import { jobAcceptedSchema } from '@caissa/shared/contracts';
import { ERROR_TABLE, problemSchema } from '@caissa/shared/errors';
import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { ROUTES } from '../routes.js';
import { ACCEPTED_EXAMPLE, BODY_EXAMPLES, PROBLEM_EXAMPLE } from './examples.js';
import { buildOpenApi } from './openapi.js';
import { openApiPath } from './openapi-route.js';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { name: string; in: string; required?: boolean }[];
  readonly requestBody?: { required: boolean; content: Record<string, { example?: unknown }> };
  readonly responses: Record<string, { headers?: Record<string, unknown>; content?: Record<string, unknown> }>;
}

const document = JSON.parse(JSON.stringify(buildOpenApi(ROUTES, '1.2.3')));
const paths: Record<string, Record<string, Operation>> = document.paths;

function operation(method: string, path: string): Operation {
  const found = paths[openApiPath(path)]?.[method];
  if (!found) throw new Error(`${method} ${path} is not described`);
  return found;
}

/** Every `$ref` of a document. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === '$ref' && typeof inner === 'string' ? [inner] : references(inner),
  );
}

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(document.openapi).toBe('3.1.1');
    expect(document.info.version).toBe('1.2.3');
  });

  it('is refused by the validator when it is broken, so that the test above means something', async () => {
    const broken = structuredClone(document);
    broken.paths['/api/jobs'].get.responses['200'] = { content: 7 };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  it('points to nothing that is not there', () => {
    const components = document.components.schemas;
    const names = references(document).map((reference) => reference.replace('#/components/schemas/', ''));
    expect(names.length).toBeGreaterThan(50);
    expect(names.filter((name) => components[name] === undefined)).toEqual([]);
  });

  it.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))('describes %s', (_, route) => {
    const described = operation(route.method, route.path);
    const parameters = new Set(described.parameters?.map((one) => `${one.in} ${one.name}`));
    for (const [, name] of route.path.matchAll(/:(\w+)/g)) expect(parameters).toContain(`path ${name}`);
    for (const name of Object.keys(route.headers ?? {})) expect(parameters).toContain(`header ${name}`);
    const expected = [...Object.keys(route.responses), '401', '403', '429', '500', '503'];
    expect(Object.keys(described.responses)).toEqual(expect.arrayContaining(expected));
    if (route.method === 'head') return;
    for (const [status, response] of Object.entries(described.responses)) {
      if (Number(status) >= 400) expect(Object.keys(response.content ?? {})).toEqual(['application/problem+json']);
    }
  });

  it('gives every operation a name of its own', () => {
    const names = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining(['getApiJobs', 'getSession', 'getReadyz'].map((name) => name.replace('Api', ''))),
    );
  });

  it('says how work is started: Prefer and Idempotency-Key, 200 and 202 with where to ask', () => {
    const described = operation('post', '/api/model/export/:format/:model_name');
    expect(described.parameters?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['Prefer', 'Idempotency-Key']),
    );
    expect(Object.keys(described.responses['202']?.headers ?? {})).toEqual(
      expect.arrayContaining(['Location', 'Retry-After']),
    );
    expect(described.responses['200']?.headers).toHaveProperty('Preference-Applied');
    expect(described.requestBody?.required).toBe(false);
  });

  it('says what is a number, what may be null, and what may be left out', () => {
    const limit = operation('get', '/api/jobs').parameters?.find(({ name }) => name === 'limit');
    expect(limit).toMatchObject({
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 200, default: 50 },
    });
    const { ActivationState, ExportRequest, ModelSummary, RollbackRequest } = document.components.schemas;
    const orNull = (name: string) => ({ anyOf: [{ $ref: `#/components/schemas/${name}` }, { type: 'null' }] });
    expect(ActivationState.properties.model_name).toEqual(orNull('ModelName'));
    expect(ExportRequest.properties.metadata).toEqual(orNull('CallerMetadata'));
    // The one ignores what it does not know, the other refuses it; answers may have more members.
    expect([ExportRequest.additionalProperties, RollbackRequest.additionalProperties]).toEqual([undefined, false]);
    expect(ModelSummary).not.toHaveProperty('additionalProperties');
    expect(ModelSummary.required).toEqual(expect.arrayContaining(['version', 'training_date']));
  });

  it('names every answer to work that is asked for twice or waited for', () => {
    for (const path of ['/api/model/load/:model_name', '/api/model/rollback', '/api/model/unload']) {
      expect(Object.keys(operation('post', path).responses)).toEqual(expect.arrayContaining(['409', '422', '507']));
    }
  });

  it('shows access by key and by session', () => {
    expect(Object.keys(document.components.securitySchemes).sort()).toEqual(['apiKey', 'bearer', 'session']);
    expect(operation('get', '/api/jobs')).toHaveProperty('security', [
      { bearer: [] },
      { apiKey: [] },
      { session: [] },
      {},
    ]);
  });

  it('has examples that the schemas accept', () => {
    for (const [key, example] of Object.entries(BODY_EXAMPLES)) {
      const route = ROUTES.find(({ method, path }) => `${method} ${path}` === key);
      expect(route?.body?.safeParse(example).success).toBe(true);
      const [method = '', path = ''] = key.split(' ');
      expect(operation(method, path).requestBody?.content['application/json']?.example).toEqual(example);
    }
    expect(jobAcceptedSchema.safeParse(ACCEPTED_EXAMPLE).error).toBeUndefined();
    for (const { method, path, responses } of ROUTES) {
      for (const [status, { schema }] of Object.entries(responses)) {
        const media = operation(method, path).responses[status]?.content?.['application/json'];
        const { example } = (media ?? {}) as { example?: unknown };
        if (Number(status) < 400 && example !== undefined) expect(schema?.safeParse(example).error).toBeUndefined();
      }
    }
    expect(problemSchema.safeParse(PROBLEM_EXAMPLE).error).toBeUndefined();
    expect(ERROR_TABLE[PROBLEM_EXAMPLE.code]).toMatchObject({ status: 404, title: PROBLEM_EXAMPLE.title });
  });
});
