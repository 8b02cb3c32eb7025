/** A size as the requirement shows it: mebibytes, called MB, with two decimals; whole bytes and KB below that. */
export function formatSize(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes} B`;
  if (sizeBytes < 1024 ** 2 / 10) return `${trim(sizeBytes / 1024)} KB`;
  if (sizeBytes < 10 * 1024 ** 3) return `${(sizeBytes / 1024 ** 2).toFixed(2)} MB`;
  return `${(sizeBytes / 1024 ** 3).toFixed(2)} GB`;
}

const trim = (value: number): string => value.toFixed(1).replace(/\.0$/, '');
