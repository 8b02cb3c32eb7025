import { useEffect, useState } from 'react';
import { formatAgo, formatTime, parseTime } from '../format/date';
import { serverNow } from '../state/clock';

const TICK_MS = 15_000;

/** The current time by the API's clock, updated every `everyMs`. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(() => serverNow());
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

interface TimeTextProps {
  readonly time: string;
  /** Shows how long ago it was, and the point in time as a tip. */
  readonly ago?: boolean;
}

/** A point in time, in the viewer's zone. */
export function TimeText({ time, ago = false }: TimeTextProps) {
  const full = formatTime(time);
  return (
    <time dateTime={parseTime(time)?.toISOString() ?? time} title={full}>
      {ago ? <AgoText time={time} /> : full}
    </time>
  );
}

function AgoText({ time }: Pick<TimeTextProps, 'time'>) {
  return formatAgo(time, useNow(TICK_MS));
}
