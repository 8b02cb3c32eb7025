import { problemSchema } from '@caissa/shared/errors';
import { z } from 'zod';
import type { Content, Operation, OperationResponse } from './openapi-operation.js';
import { PROTOCOL_SCHEMAS } from './openapi-protocol-schemas.js';
import { binarySchema, EARLY_REFUSALS, PROBLEM } from './openapi-responses.js';
import { SECURITY } from './openapi-route.js';

const error = (description: string): OperationResponse => ({
  description,
  content: { 'application/json': { schema: PROTOCOL_SCHEMAS.error } },
});

/** Refused before or after it was known which route was meant. */
const earlyError = (description: string): OperationResponse => ({
  description,
  content: {
    'application/json': { schema: PROTOCOL_SCHEMAS.error },
    'application/problem+json': { schema: problemSchema },
  },
});

const model = z.object({ model: z.string().describe('Name of a model, or `active`.') });

const json = (description: string, schema: z.ZodType): OperationResponse => ({
  description,
  content: { 'application/json': { schema } },
});

const tensors = (schema: z.ZodType): Content => ({
  'application/json': { schema },
  'application/octet-stream': { schema: binarySchema },
});

const EARLY = {
  408: { description: EARLY_REFUSALS[408], content: PROBLEM },
  413: earlyError(EARLY_REFUSALS[413]),
  417: error(EARLY_REFUSALS[417]),
  429: error(EARLY_REFUSALS[429]),
  431: { description: EARLY_REFUSALS[431], content: PROBLEM },
};

const REFUSALS = {
  ...EARLY,
  400: earlyError('The request does not fit the protocol or the model.'),
  401: error('An access key is needed, or the one sent is not known.'),
  403: error('The access key is a viewer’s and the route is for operators, or a foreign page sent the request.'),
  404: error('No loader has a model of this name open.'),
  500: error('The model could not be run.'),
  503: error('No loader is ready, or too many positions wait; `Retry-After` says when to try again.'),
};

const get = (path: string, operationId: string, summary: string, schema: z.ZodType): Operation => ({
  method: 'get',
  path,
  operationId,
  tags: ['Inference'],
  summary,
  security: SECURITY,
  ...(path.includes('{model}') ? { params: model } : {}),
  responses: { 200: json('As the protocol describes it.', schema), ...REFUSALS },
});

const health = (what: 'live' | 'ready', summary: string): Operation => {
  const { 401: _key, 404: _name, ...refusals } = REFUSALS;
  return {
    method: 'get',
    path: `/v2/health/${what}`,
    operationId: `getV2Health${what === 'live' ? 'Live' : 'Ready'}`,
    tags: ['Inference'],
    summary,
    security: [],
    responses: {
      200: json('Yes.', PROTOCOL_SCHEMAS[what]),
      ...refusals,
      400: earlyError('No, or the request is not valid HTTP.'),
    },
  };
};

const repository = (what: 'load' | 'unload', summary: string): Operation => ({
  method: 'post',
  path: `/v2/repository/models/{model}/${what}`,
  operationId: `postV2Repository${what === 'load' ? 'Load' : 'Unload'}`,
  tags: ['Inference'],
  summary,
  description:
    'Done by every loader before it is answered. The active model stays what it is. Needs the role operator.',
  security: SECURITY,
  params: model,
  body: { required: false, content: { 'application/json': { schema: PROTOCOL_SCHEMAS.repositoryRequest } } },
  responses: {
    200: { description: 'All loaders did.' },
    ...REFUSALS,
    409: error('The model is the active one, or was unloaded while it was opened.'),
    415: error('The coding of the body is not known.'),
    422: error('The checkpoint was refused.'),
    501: error('`Prefer: respond-async`, a configuration or files that come with the request are not offered.'),
    507: error('The disk is full.'),
  },
});

/** Routes of the Open Inference Protocol, version 2, which the API forwards to loaders. Clients know the rest. */
export const PROTOCOL_ROUTES: readonly Operation[] = [
  health('live', 'Whether the API answers'),
  health('ready', 'Whether a loader is ready'),
  get('/v2', 'getV2', 'What the server is and offers', PROTOCOL_SCHEMAS.server),
  get('/v2/models/{model}', 'getV2Model', 'Inputs and outputs of a model', PROTOCOL_SCHEMAS.model),
  get('/v2/models/{model}/ready', 'getV2ModelReady', 'Whether a model can be asked', PROTOCOL_SCHEMAS.modelReady),
  get('/v2/models/{model}/config', 'getV2ModelConfig', 'Configuration of a model', PROTOCOL_SCHEMAS.config),
  get(
    '/v2/models/{model}/stats',
    'getV2ModelStats',
    'What a model has done, on the loader that answers',
    PROTOCOL_SCHEMAS.statistics,
  ),
  get(
    '/v2/models/stats',
    'getV2ModelsStats',
    'What all models have done, on the loader that answers',
    PROTOCOL_SCHEMAS.statistics,
  ),
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
    params: model,
    body: { required: true, content: tensors(PROTOCOL_SCHEMAS.inferRequest) },
    responses: {
      200: { description: 'The outputs.', content: tensors(PROTOCOL_SCHEMAS.inferAnswer) },
      ...REFUSALS,
      415: error('The coding of the body is not known.'),
      501: error('Shared memory is not offered.'),
    },
  },
  {
    method: 'post',
    path: '/v2/repository/index',
    operationId: 'postV2RepositoryIndex',
    tags: ['Inference'],
    summary: 'Models and their states, on the loader that answers',
    security: SECURITY,
    body: { required: false, content: { 'application/json': { schema: PROTOCOL_SCHEMAS.indexRequest } } },
    responses: {
      200: json('As the protocol describes it.', PROTOCOL_SCHEMAS.index),
      ...REFUSALS,
      415: error('The coding of the body is not known.'),
    },
  },
  repository('load', 'Open a model beside the active one'),
  repository('unload', 'End a model that is held beside the active one'),
];
