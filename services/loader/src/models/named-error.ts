import { conversionFailure } from '@caissa/conversion';
import { AppError } from '@caissa/shared/errors';

/** Puts the checkpoint's file name before the message of what is wrong with it; other errors pass through. */
export function namedError(thrown: unknown, filename: string): unknown {
  const failure = conversionFailure(thrown);
  if (failure === undefined) return thrown;
  return new AppError(failure.code, `${filename}: ${failure.message}`, { cause: thrown });
}
