import clsx from 'clsx';
import type { ComponentProps, ReactNode } from 'react';
import { Spinner } from './progress';

const LOOKS = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong border-transparent',
  secondary: 'bg-surface text-text border-line hover:bg-sunken',
  quiet: 'bg-transparent text-text border-transparent hover:bg-sunken',
  danger: 'bg-danger text-surface border-transparent hover:opacity-90',
} as const;

const SIZES = {
  small: 'h-8 px-2.5 text-[0.8125rem]',
  medium: 'h-9 px-3.5 text-sm',
} as const;

/** How a button looks, for links that look like one. */
export function buttonClass(look: keyof typeof LOOKS = 'secondary', size: keyof typeof SIZES = 'medium'): string {
  return clsx(
    'inline-flex items-center justify-center gap-1.5 rounded-lg border font-medium whitespace-nowrap transition-colors select-none',
    'disabled:opacity-50 aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0',
    LOOKS[look],
    SIZES[size],
  );
}

/** A small button of a row, which has its label under the icon where there is no room beside it. */
export const COMPACT_BUTTON =
  'max-xl:h-11 max-xl:min-w-13 max-xl:flex-col max-xl:gap-0.5 max-xl:px-1.5 max-xl:text-[0.6875rem]';

interface ButtonProps extends ComponentProps<'button'> {
  readonly look?: keyof typeof LOOKS;
  readonly size?: keyof typeof SIZES;
  /** While its action runs, it cannot be pressed again. */
  readonly busy?: boolean;
}

/** A button. While it is busy it is not disabled, which would take the focus from whoever pressed it. */
export function Button({ look, size, busy = false, className, children, onClick, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      className={clsx(buttonClass(look, size), className)}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      {...rest}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

interface IconButtonProps extends Omit<ButtonProps, 'children'> {
  /** What it does, for those who do not see the icon; shown as a tip as well. */
  readonly label: string;
  readonly children: ReactNode;
}

/** A square button with an icon only. */
export function IconButton({ label, look = 'quiet', size = 'small', className, children, ...rest }: IconButtonProps) {
  return (
    <Button
      look={look}
      size={size}
      aria-label={label}
      title={label}
      className={clsx(size === 'small' ? 'w-8 px-0' : 'w-9 px-0', className)}
      {...rest}
    >
      {children}
    </Button>
  );
}
