import type { ExportSummary } from '@caissa/shared/contracts';

/** One thing that can be downloaded of an export. */
export interface DownloadWay {
  /** What is shown: `.onnx`. */
  readonly label: string;
  /** What it is, in words. */
  readonly title: string;
  readonly href: string;
}

/** What can be downloaded of an export: its file, and where metadata lies beside it, that alone and both in one. */
export function downloadWays(
  one: Pick<ExportSummary, 'filename' | 'metadata_filename' | 'download_url'>,
): DownloadWay[] {
  const { filename, metadata_filename: metadata, download_url: href } = one;
  const file = { label: extensionOf(filename), title: `Download ${filename}`, href };
  if (metadata === undefined) return [file];
  return [
    file,
    { label: '.json', title: `Download ${metadata}`, href: `/api/model/download/${encodeURIComponent(metadata)}` },
    { label: '.zip', title: `Download ${filename} and its metadata in one .zip file`, href: `${href}?bundle=zip` },
  ];
}

function extensionOf(filename: string): string {
  return filename.slice(filename.lastIndexOf('.'));
}

/**
 * The command that downloads an export, to be pasted into a shell. Where keys are needed it takes one from the
 * environment, so that none ends up in a history of commands.
 */
export function curlLine(downloadUrl: string, origin: string, keyRequired: boolean): string {
  const key = keyRequired ? '-H "Authorization: Bearer $CAISSA_KEY" ' : '';
  return `curl ${key}-O '${new URL(downloadUrl, origin).href}'`;
}
