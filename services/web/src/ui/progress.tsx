import clsx from 'clsx';
import { LoaderCircle } from 'lucide-react';

interface ProgressBarProps {
  /** 0 to 100; left out where progress cannot be measured. */
  readonly percent?: number;
  readonly label: string;
}

/** How far something has come. */
export function ProgressBar({ percent, label }: ProgressBarProps) {
  return (
    <progress
      className="block h-1.5 w-full appearance-none overflow-hidden rounded-full border-0 bg-sunken [&::-moz-progress-bar]:rounded-full [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:rounded-full [&::-webkit-progress-value]:bg-accent [&::-webkit-progress-value]:transition-[width]"
      max={100}
      value={percent}
      aria-label={label}
    />
  );
}

/** Says that something is going on; the text beside it says what. */
export function Spinner() {
  return <LoaderCircle className="size-4 animate-spin motion-reduce:animate-none" aria-hidden="true" />;
}

/** A placeholder for something that is still loading; its size keeps the page from moving when it arrives. */
export function Skeleton({ className }: { readonly className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={clsx('block animate-pulse rounded-md bg-sunken motion-reduce:animate-none', className)}
    />
  );
}

/** Placeholders for some rows of a list. */
export function SkeletonRows({ rows, label }: { readonly rows: number; readonly label: string }) {
  return (
    <div role="status" aria-label={label} className="divide-y divide-line">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
        <div key={row} className="flex h-16 items-center gap-4 px-4">
          <Skeleton className="h-4 w-40" />
          <Skeleton className="hidden h-4 w-24 sm:block" />
          <Skeleton className="ml-auto h-4 w-20" />
        </div>
      ))}
    </div>
  );
}
