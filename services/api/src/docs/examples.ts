/** Example of the JSON body of a route, by `method path` as in the route table. Tested against the schemas. */
export const BODY_EXAMPLES: Readonly<Record<string, unknown>> = {
  'post /api/model/export/:format/:model_name': {
    metadata: { win_rate: 0.75, exported_by: 'User' },
    options: { opset: 11, verify: 'quick' },
  },
  'post /api/model/evaluate': { fen: 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1', top: 5 },
  'post /api/model/rollback': { generation: 3 },
  'post /api/model/exports/cleanup': { keep_recent: 10, dry_run: true },
};

/** Example of a problem document. */
export const PROBLEM_EXAMPLE = {
  success: false,
  type: '/api/docs/errors#MODEL_NOT_FOUND',
  title: 'There is no such model',
  status: 404,
  detail: 'There is no model "model_v7".',
  code: 'MODEL_NOT_FOUND',
  request_id: '0b6f2d3e-5f0c-4f59-9e0d-6f3a4c1f2a10',
} as const;

/** Example of the response to a request that starts work. */
export const ACCEPTED_EXAMPLE = {
  success: true,
  job_id: 'export-6f3a4c1f-0b6f-4d3e-9f0c-2a104f599e0d',
  type: 'export',
  status: 'queued',
  status_url: '/api/jobs/export-6f3a4c1f-0b6f-4d3e-9f0c-2a104f599e0d',
  events_url: '/api/jobs/export-6f3a4c1f-0b6f-4d3e-9f0c-2a104f599e0d/events',
  model_name: 'model_v1',
  format: 'onnx',
  message: 'The export is queued.',
} as const;
