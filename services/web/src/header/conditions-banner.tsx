import { useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { conditionsQuery } from '../api/queries';
import { connection } from '../state/connection';
import { useStore } from '../state/store';
import { Banner } from './banner';

/** Says what the API knows to be wrong. While it is away nobody knows. */
export function ConditionsBanner() {
  const state = useStore(connection);
  const { data } = useQuery({ ...conditionsQuery, enabled: state !== 'offline' });
  if (state === 'offline') return null;
  const messages = data?.conditions.map(({ message }) => message) ?? [];
  if (state === 'degraded') {
    messages.unshift('The job queue cannot be reached. New work has to wait; what was asked for already is not lost.');
  }
  if (messages.length === 0) return null;
  return (
    <Banner icon={TriangleAlert} tone="warn">
      {messages.join(' ')}
    </Banner>
  );
}
