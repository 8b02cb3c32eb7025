import type { JobStatus, JobType } from '@caissa/shared/contracts';
import type { JobFilter } from '../api/queries';
import { STATUS_WORDS } from './job-words';

/** What each kind of work is called in the list of choices. */
export const TYPE_WORDS: Readonly<Record<JobType, string>> = {
  export: 'Exports',
  load: 'Activations',
  inspect: 'Inspections',
};

/** Reads a filter from the parameters of an address; what is not known there is left out. */
export function readJobFilter(params: URLSearchParams): JobFilter {
  const type = params.get('type') ?? '';
  const status = params.get('status') ?? '';
  const model = params.get('model') ?? '';
  return {
    ...(isType(type) ? { type } : {}),
    ...(isStatus(status) ? { status } : {}),
    ...(model === '' ? {} : { model }),
  };
}

const isType = (text: string): text is JobType => Object.hasOwn(TYPE_WORDS, text);
const isStatus = (text: string): text is JobStatus => Object.hasOwn(STATUS_WORDS, text);

/** Whether a filter lets every job through. */
export function isOpen({ type, status, model }: JobFilter): boolean {
  return type === undefined && status === undefined && model === undefined;
}
