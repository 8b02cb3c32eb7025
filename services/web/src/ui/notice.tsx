import clsx from 'clsx';
import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

const TONES = {
  bad: { icon: CircleAlert, classes: 'bg-danger-soft text-danger-text' },
  warn: { icon: TriangleAlert, classes: 'bg-warn-soft text-warn-text' },
  info: { icon: Info, classes: 'bg-info-soft text-info-text' },
} as const;

interface NoticeProps {
  readonly tone: keyof typeof TONES;
  readonly children: ReactNode;
  /** What can be done about it. */
  readonly action?: ReactNode;
  readonly className?: string;
}

/** A sentence that somebody should read. */
export function Notice({ tone, children, action, className }: NoticeProps) {
  const { icon: Icon, classes } = TONES[tone];
  return (
    <div
      role={tone === 'bad' ? 'alert' : 'status'}
      className={clsx('flex items-start gap-2.5 rounded-xl px-3.5 py-2.5 text-sm', classes, className)}
    >
      <Icon className="mt-0.5 size-4 shrink-0" aria-hidden="true" />
      <div className="min-w-0 flex-1 wrap-anywhere">{children}</div>
      {action}
    </div>
  );
}
