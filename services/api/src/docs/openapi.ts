import { SESSION_COOKIE } from '../access/sessions.js';
import type { Route } from '../http/route.js';
import { writeOperation } from './openapi-operation.js';
import { OWN_ROUTES } from './openapi-own-routes.js';
import { PROTOCOL_ROUTES } from './openapi-protocol-routes.js';
import { describeRoute } from './openapi-route.js';
import { SchemaWriter } from './openapi-schemas.js';

const DESCRIPTION = `Exports AlphaZero chess networks from PyTorch checkpoints and activates them.

**Work takes time.** A request that starts work answers 202 with a job: ask \`Location\` until it is over, or follow its
events. \`Prefer: wait=N\` (RFC 7240; more than 55 s is taken as 55, before proxies give up) holds the request for the
result and answers 200 if it came in time. \`Idempotency-Key\` makes a repeated request join the first one.

**Failures** are problem documents (RFC 9457) with a \`code\`; see \`GET /api/docs/errors\`.

**Reading** costs little where nothing has changed: what \`GET\` answers in JSON has an \`ETag\`, and \`If-None-Match\` gets 304 while it holds. Long
answers are compressed with gzip for those who take it. \`HEAD\` is served wherever \`GET\` is.

**Access.** Where keys are configured, send one as \`Authorization: Bearer …\` or \`X-API-Key\`. A viewer reads; an operator
does everything.`;

const TAGS = [
  { name: 'Models', description: 'Checkpoints in the model folder.' },
  { name: 'Exports', description: 'Making, listing, downloading and removing exported files.' },
  { name: 'Activation', description: 'The model that is served.' },
  {
    name: 'Inference',
    description: 'Asking models about positions: by FEN, or by the Open Inference Protocol under `/v2`.',
  },
  { name: 'Jobs', description: 'Work that was asked for.' },
  { name: 'Device', description: 'What the models run on.' },
  { name: 'Access', description: 'Sessions of browsers.' },
  { name: 'Operations', description: 'Probes and measurements.' },
];

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An access key.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'An access key.' },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: SESSION_COOKIE,
    description: 'A session of `POST /api/session`. Changes must come from a page of this server.',
  },
};

/** Writes the OpenAPI document of a route table. Source: OpenAPI 3.1.1. */
export function buildOpenApi(routes: readonly Route[], version: string): object {
  const schemas = new SchemaWriter();
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of [...routes.map(describeRoute), ...OWN_ROUTES, ...PROTOCOL_ROUTES]) {
    const methods = paths[operation.path] ?? {};
    paths[operation.path] = methods;
    methods[operation.method] = writeOperation(operation, schemas);
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Caissa',
      version,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    tags: TAGS,
    paths,
    components: { schemas: schemas.components, securitySchemes: SECURITY_SCHEMES },
  };
}
