import type { ReactNode } from 'react';

interface FormSectionProps {
  readonly title: string;
  readonly hint?: ReactNode;
  readonly children: ReactNode;
}

/** A step of the form. */
export function FormSection({ title, hint, children }: FormSectionProps) {
  return (
    <fieldset className="min-w-0 p-5">
      <legend className="float-left mb-3 flex w-full flex-wrap items-baseline justify-between gap-x-3">
        <span className="text-sm font-semibold">{title}</span>
        {hint && <span className="text-xs text-muted">{hint}</span>}
      </legend>
      <div className="clear-both">{children}</div>
    </fieldset>
  );
}
