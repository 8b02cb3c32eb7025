import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { SECURITY } from './openapi-route.js';

const errorSchema = z.object({ error: z.string() }).meta({ id: 'ProtocolError' });

const error = (description: string) => ({ description, content: { 'application/json': { schema: errorSchema } } });

const model = z.object({ model: z.string().describe('Name of a model, or `active`.') });

/** Bodies are described by the protocol; the large ones may also be binary tensors after the JSON. */
const json = (description: string) => ({
  description,
  content: { 'application/json': { schema: { type: 'object' as const } } },
});

const binary = {
  'application/json': { schema: { type: 'object' as const } },
  'application/octet-stream': { schema: { type: 'string' as const, contentEncoding: 'binary' } },
};

const REFUSALS = {
  400: error('The request does not fit the protocol or the model.'),
  401: error('An access key is needed, or the one sent is not known.'),
  404: error('No loader has a model of this name open.'),
  503: error('No loader is ready, or too many positions wait; `Retry-After` says when to try again.'),
};

const get = (path: string, operationId: string, summary: string): RouteConfig => ({
  method: 'get',
  path,
  operationId,
  tags: ['Inference'],
  summary,
  security: SECURITY,
  ...(path.includes('{model}') ? { request: { params: model } } : {}),
  responses: { 200: json('As the protocol describes it.'), ...REFUSALS },
});

const health = (what: 'live' | 'ready', summary: string): RouteConfig => ({
  method: 'get',
  path: `/v2/health/${what}`,
  operationId: `getV2Health${what === 'live' ? 'Live' : 'Ready'}`,
  tags: ['Inference'],
  summary,
  security: [],
  responses: { 200: { description: 'Yes.' }, 400: error('No.'), 503: error('No loader can be reached.') },
});

const repository = (what: 'load' | 'unload', summary: string): RouteConfig => ({
  method: 'post',
  path: `/v2/repository/models/{model}/${what}`,
  operationId: `postV2Repository${what === 'load' ? 'Load' : 'Unload'}`,
  tags: ['Inference'],
  summary,
  description:
    'Done by every loader before it is answered. The active model stays what it is. Needs the role operator.',
  security: SECURITY,
  request: { params: model },
  responses: {
    200: { description: 'All loaders did.' },
    ...REFUSALS,
    403: error('The access key is a viewer’s.'),
    429: error('Too many requests in a minute.'),
    501: error('`Prefer: respond-async` is not offered.'),
  },
});

/** Routes of the Open Inference Protocol, version 2, which the API forwards to loaders. Clients know the rest. */
export const PROTOCOL_ROUTES: readonly RouteConfig[] = [
  health('live', 'Whether the API answers'),
  health('ready', 'Whether a loader is ready'),
  get('/v2', 'getV2', 'What the server is and offers'),
  get('/v2/models/{model}', 'getV2Model', 'Inputs and outputs of a model'),
  get('/v2/models/{model}/ready', 'getV2ModelReady', 'Whether a model can be asked'),
  get('/v2/models/{model}/config', 'getV2ModelConfig', 'Configuration of a model'),
  get('/v2/models/{model}/stats', 'getV2ModelStats', 'What a model has done, on the loader that answers'),
  get('/v2/models/stats', 'getV2ModelsStats', 'What all models have done, on the loader that answers'),
  {
    method: 'post',
    path: '/v2/models/{model}/infer',
    operationId: 'postV2ModelsInfer',
    tags: ['Inference'],
    summary: 'Compute positions',
    description:
      'Input `board_input` [n, 14, 8, 8], outputs `policy_output` [n, 4096] and `value_output` [n, 1], FP32, as JSON or as ' +
      'binary tensors (`Inference-Header-Content-Length`). Also with `/versions/{version}` after the name. 64 MiB at most. ' +
      'Not counted by the rate limit.',
    security: SECURITY,
    request: { params: model, body: { required: true, content: binary } },
    responses: {
      200: { description: 'The outputs.', content: binary },
      ...REFUSALS,
      413: error('The body is too large.'),
    },
  },
  {
    method: 'post',
    path: '/v2/repository/index',
    operationId: 'postV2RepositoryIndex',
    tags: ['Inference'],
    summary: 'Models and their states, on the loader that answers',
    security: SECURITY,
    responses: { 200: json('As the protocol describes it.'), ...REFUSALS },
  },
  repository('load', 'Open a model beside the active one'),
  repository('unload', 'End a model that is held beside the active one'),
];
