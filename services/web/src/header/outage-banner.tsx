import { useQuery } from '@tanstack/react-query';
import { ServerOff } from 'lucide-react';
import { currentQuery } from '../api/queries';
import { outageOf } from '../api/serving';
import { connection } from '../state/connection';
import { useStore } from '../state/store';
import { Banner } from './banner';

/** Says that the active model answers no positions. While the API is away nobody knows. */
export function OutageBanner() {
  const isOnline = useStore(connection) === 'online';
  const { data: current } = useQuery(currentQuery);
  const outage = isOnline && current ? outageOf(current) : undefined;
  if (outage === undefined) return null;
  return (
    <Banner icon={ServerOff} tone="bad" isOutage>
      {outage}
    </Banner>
  );
}
