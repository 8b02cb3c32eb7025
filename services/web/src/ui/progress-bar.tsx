interface ProgressBarProps {
  /** 0 to 100; without it something goes on that cannot be measured. */
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
