import type { ExportSummary } from '@caissa/shared/contracts';
import clsx from 'clsx';
import { Download } from 'lucide-react';
import { downloadWays } from './download-ways';

/** Links to what can be downloaded of an export. They are plain links, so the browser shows how far it is. */
export function DownloadLinks({ item }: { readonly item: ExportSummary }) {
  return (
    <span className="inline-flex divide-x divide-line rounded-lg border border-line bg-surface">
      {downloadWays(item).map(({ label, title, href }, index) => (
        <a
          key={label}
          href={href}
          download
          title={title}
          aria-label={title}
          className={clsx(
            'inline-flex h-7.5 items-center gap-1.5 px-2 sm:px-2.5 text-[0.8125rem] font-medium transition-colors first:rounded-l-lg last:rounded-r-lg hover:bg-sunken',
            index > 0 && 'text-muted hover:text-text',
          )}
        >
          {index === 0 && <Download className="size-4" aria-hidden="true" />}
          {label}
        </a>
      ))}
    </span>
  );
}
