import { UNKNOWN } from '@caissa/formats';

/** What a checkpoint tells of itself; undefined where the API says that it tells nothing. */
export function known<T>(value: T): T | undefined {
  return value === UNKNOWN ? undefined : value;
}
