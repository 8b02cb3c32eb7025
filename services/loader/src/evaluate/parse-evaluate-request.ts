import { type EvaluateRequest, evaluateRequestSchema } from '@caissa/shared/contracts';
import { AppError } from '@caissa/shared/errors';

/** Field errors in one answer; a body may hold many mistakes. */
const ERRORS_SHOWN = 20;

/** Reads the body of a request for evaluation. @throws AppError INVALID_BODY */
export function parseEvaluateRequest(body: Buffer): EvaluateRequest {
  const parsed = evaluateRequestSchema.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.slice(0, ERRORS_SHOWN).map(({ path, message }) => ({
    pointer: path.map((part) => `/${String(part)}`).join(''),
    detail: message,
  }));
  const [first] = errors;
  const place = first?.pointer ? `${first.pointer} of the body` : 'The body';
  throw new AppError('INVALID_BODY', `${place} is not valid: ${first?.detail}.`, { errors });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new AppError('INVALID_BODY', 'The body is not JSON.');
  }
}
