import { DEFAULT_FORMAT, FORMATS, type Format } from '@caissa/formats';
import clsx from 'clsx';
import type { ReactNode } from 'react';

const TONES = {
  neutral: 'bg-sunken text-muted',
  good: 'bg-accent-soft text-accent-text',
  bad: 'bg-danger-soft text-danger-text',
  warn: 'bg-warn-soft text-warn-text',
  info: 'bg-info-soft text-info-text',
} as const;

/** What a badge means, by colour. Its words say the same. */
export type Tone = keyof typeof TONES;

interface BadgeProps {
  readonly tone?: Tone;
  readonly title?: string | undefined;
  readonly children: ReactNode;
}

/** A short word on coloured ground. */
export function Badge({ tone = 'neutral', title, children }: BadgeProps) {
  return (
    <span
      title={title}
      className={clsx(
        'inline-flex items-center gap-1 rounded-md px-1.5 py-0.5 text-xs font-medium whitespace-nowrap [&_svg]:size-3',
        TONES[tone],
      )}
    >
      {children}
    </span>
  );
}

/** The name of a format; the default one stands out. */
export function FormatBadge({ format }: { readonly format: Format }) {
  return <Badge tone={format === DEFAULT_FORMAT ? 'info' : 'neutral'}>{FORMATS[format].label}</Badge>;
}
