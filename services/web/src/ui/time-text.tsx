import { useEffect, useState } from 'react';
import { formatAgo, formatTime, parseTime } from '../format/date';

const TICK_MS = 15_000;

/** The time of now, anew every so often. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
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
  const now = useNow(TICK_MS);
  return (
    <time dateTime={parseTime(time)?.toISOString() ?? time} title={formatTime(time)}>
      {ago ? formatAgo(time, now) : formatTime(time)}
    </time>
  );
}
