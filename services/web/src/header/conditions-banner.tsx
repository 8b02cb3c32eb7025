import type { Condition } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { conditionsQuery } from '../api/queries';
import { connection } from '../state/connection';
import { useStore } from '../state/store';
import { Banner } from './banner';

/** Codes of what somebody has to change, while everything works that is asked for. */
const NOTICES: ReadonlySet<string> = new Set<Condition['code']>(['REDIS_EVICTS', 'QUEUE_PAUSED']);

const MEANWHILE = 'New work has to wait; what was asked for already is not lost.';

/** Says what the API knows to be wrong, each in a line. While it is away nobody knows. */
export function ConditionsBanner() {
  const state = useStore(connection);
  const { data } = useQuery({ ...conditionsQuery, enabled: state !== 'offline' });
  if (state === 'offline') return null;
  const conditions = data?.conditions ?? [];
  const isExplained = conditions.some(stopsJobs);
  return (
    <>
      {state === 'degraded' && !isExplained && (
        <Banner icon={TriangleAlert} tone="warn" isOutage>
          {`The job queue cannot be reached. ${MEANWHILE}`}
        </Banner>
      )}
      {conditions.map((condition) => (
        <Banner key={condition.code} icon={TriangleAlert} tone="warn" isOutage={!NOTICES.has(condition.code)}>
          {stopsJobs(condition) ? `${condition.message} ${MEANWHILE}` : condition.message}
        </Banner>
      ))}
    </>
  );
}

/** Whether no work is accepted while a condition lasts. */
function stopsJobs({ code }: Condition): boolean {
  return code.startsWith('REDIS_') && !NOTICES.has(code);
}
