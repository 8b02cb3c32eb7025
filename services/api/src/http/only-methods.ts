import { listed } from '@caissa/formats';
import { AppError } from '@caissa/shared/errors';
import type { RequestHandler } from 'express';

/** Refuses what a path does not offer, and tells `OPTIONS` what it does. Mount it behind the handlers of its methods. */
export function onlyMethods(...methods: readonly string[]): RequestHandler {
  return (request, response) => {
    response.setHeader('Allow', methods.join(', '));
    if (request.method === 'OPTIONS') {
      response.status(204).end();
      return;
    }
    throw new AppError('METHOD_NOT_ALLOWED', `This address takes ${listed(methods, 'and')} and nothing else.`);
  };
}

/** Refuses all but reading. */
export const onlyReading: RequestHandler = onlyMethods('GET', 'HEAD');
