const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

/** Whether what came as `X-Request-Id` can stand in logs, in answers and in jobs as it is. */
export function isRequestId(value: unknown): value is string {
  return typeof value === 'string' && REQUEST_ID.test(value);
}
