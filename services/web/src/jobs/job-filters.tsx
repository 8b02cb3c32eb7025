import type { JobStatus, JobType } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import { type JobFilter, modelsQuery } from '../api/queries';
import { goTo } from '../state/route';
import { Button } from '../ui/button';
import { SelectField } from '../ui/field';
import { STATUS_WORDS } from './job-words';

/** What each kind of work is called in the list of choices. */
const TYPE_WORDS: Readonly<Record<JobType, string>> = {
  export: 'Exports',
  load: 'Activations',
  inspect: 'Inspections',
};

/** Reads a filter from the parameters of an address; unknown values are left out. */
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

/** Shows every job again. */
export function clearJobFilter(): void {
  goTo('jobs', {}, true);
}

/** Narrows the list of jobs down. The choice is kept in the address. */
export function JobFilters({ filter }: { readonly filter: JobFilter }) {
  const { type, status, model } = filter;
  const models = useModelNames(model);
  const change = (next: Record<string, string>) => goTo('jobs', { type, status, model, ...next }, true);
  return (
    <search className="mb-4 grid grid-cols-2 gap-2 sm:flex">
      <Choice
        label="Kind"
        all="All kinds"
        value={type}
        options={Object.entries(TYPE_WORDS)}
        onChoose={(type) => change({ type })}
      />
      <Choice
        label="State"
        all="All states"
        value={status}
        options={Object.entries(STATUS_WORDS)}
        onChoose={(status) => change({ status })}
      />
      <Choice
        label="Model"
        all="All models"
        value={model}
        options={models.map((name) => [name, name])}
        onChoose={(model) => change({ model })}
      />
      {!isOpen(filter) && (
        <Button look="quiet" onClick={clearJobFilter}>
          Clear filters
        </Button>
      )}
    </search>
  );
}

/** Names to choose from. The one that is chosen is among them even if its file is gone: its jobs are still there. */
function useModelNames(chosen: string | undefined): string[] {
  const names = useQuery(modelsQuery).data?.models.map(({ name }) => name) ?? [];
  return chosen === undefined || names.includes(chosen) ? names : [chosen, ...names];
}

interface ChoiceProps {
  readonly label: string;
  /** What the choice that narrows nothing is called. */
  readonly all: string;
  readonly value: string | undefined;
  readonly options: readonly (readonly [value: string, words: string])[];
  readonly onChoose: (value: string) => void;
}

function Choice({ label, all, value, options, onChoose }: ChoiceProps) {
  return (
    <SelectField
      aria-label={label}
      value={value ?? ''}
      onChange={(event) => onChoose(event.target.value)}
      className="min-w-0 sm:max-w-60"
    >
      <option value="">{all}</option>
      {options.map(([name, words]) => (
        <option key={name} value={name}>
          {words}
        </option>
      ))}
    </SelectField>
  );
}
