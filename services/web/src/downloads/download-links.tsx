import type { ExportSummary } from '@caissa/shared/contracts';
import clsx from 'clsx';
import { Download } from 'lucide-react';
import { downloadAddress } from '../api/address';

/** One thing that can be downloaded of an export. */
interface DownloadWay {
  /** What is shown: `.onnx`. */
  readonly label: string;
  /** What it is, in words. */
  readonly title: string;
  readonly href: string;
}

/**
 * What can be downloaded of an export: its file and, if there are other files beside it, each of them and a bundle of
 * all.
 */
export function downloadWays(
  one: Pick<ExportSummary, 'filename' | 'data_filename' | 'metadata_filename'>,
): DownloadWay[] {
  const { filename, data_filename: data, metadata_filename: metadata } = one;
  const href = downloadAddress(filename);
  const ways = [{ label: extensionOf(filename), title: `Download ${filename}`, href }];
  // The model is of no use without it.
  if (data !== undefined) {
    ways.push({
      label: extensionOf(data),
      title: `Download ${data}, the weights of ${filename}`,
      href: downloadAddress(data),
    });
  }
  if (metadata !== undefined) {
    ways.push({ label: extensionOf(metadata), title: `Download ${metadata}`, href: downloadAddress(metadata) });
  }
  if (ways.length === 1) return ways;
  const all = [filename, ...(data === undefined ? [] : ['its weights'])].join(', ');
  return [
    ...ways,
    { label: '.zip', title: `Download ${all} and its metadata in one .zip file`, href: `${href}?bundle=zip` },
  ];
}

function extensionOf(filename: string): string {
  return filename.slice(filename.lastIndexOf('.'));
}

/**
 * The command that downloads an export, to be pasted into a shell. Where keys are needed it takes one from the
 * environment, so that no key ends up in the shell's history.
 */
export function curlLine(filename: string, pageAddress: string, keyRequired: boolean): string {
  const key = keyRequired ? '-H "Authorization: Bearer $CAISSA_KEY" ' : '';
  return `curl ${key}-O '${new URL(downloadAddress(filename), pageAddress).href}'`;
}

/** Links to what can be downloaded of an export. They are plain links, so the browser shows the progress. */
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
