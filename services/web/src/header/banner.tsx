import clsx from 'clsx';
import type { LucideIcon } from 'lucide-react';
import { Spinner } from '../ui/progress';

const TONES = { warn: 'bg-warn-soft text-warn-text', bad: 'bg-danger-soft text-danger-text' } as const;

interface BannerProps {
  readonly icon: LucideIcon;
  readonly tone: keyof typeof TONES;
  /** Whether something does not work until this is over, which is said at once and waited for. */
  readonly isOutage: boolean;
  readonly children: string;
}

/** A line under the header on what is wrong with the whole system. It goes by itself when that is over. */
export function Banner({ icon: Icon, tone, isOutage, children }: BannerProps) {
  return (
    <div role={isOutage ? 'alert' : 'status'} className={clsx('border-b border-line', TONES[tone])}>
      <div className="mx-auto flex max-w-7xl items-center gap-2.5 px-4 py-2 text-sm sm:px-6">
        <Icon className="size-4 shrink-0" aria-hidden="true" />
        <p className="min-w-0 flex-1 wrap-anywhere">{children}</p>
        {isOutage && <Spinner />}
      </div>
    </div>
  );
}
