/** A whole number with separators, such as `10,712,545`. */
export function formatCount(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { maximumFractionDigits: 0 }).format(value);
}

/** A large number in short, such as `10.7 M`. */
export function formatShort(value: number, locale?: string): string {
  return new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
}

/** A share of 1 in percent: `75.0 %`, and tiny ones as `<0.1 %`. */
export function formatPercent(share: number): string {
  if (share > 0 && share < 0.0005) return '<0.1 %';
  return `${(share * 100).toFixed(1)} %`;
}

/** A measured number with four significant digits and no needless zeros: `0.2341`, `0.001`, `1e-5`. */
export function formatMeasure(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential(1).replace('.0e', 'e');
  return String(Number(value.toPrecision(4)));
}

/** An amount that may be a fraction: whole and large ones as {@link formatCount}, others as {@link formatMeasure}. */
export function formatAmount(value: number, locale?: string): string {
  return Number.isInteger(value) || Math.abs(value) >= 1_000 ? formatCount(value, locale) : formatMeasure(value);
}

/** `1 export`, `2 exports`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A size in mebibytes, written MB as in the requirement, with two decimals; bytes and KB below that, GB above. */
export function formatSize(sizeBytes: number): string {
  if (sizeBytes < 1024) return `${sizeBytes} B`;
  if (sizeBytes < 1024 ** 2 / 10) return `${trim(sizeBytes / 1024)} KB`;
  if (sizeBytes < 1024 ** 3) return `${(sizeBytes / 1024 ** 2).toFixed(2)} MB`;
  return `${(sizeBytes / 1024 ** 3).toFixed(2)} GB`;
}

const trim = (value: number): string => value.toFixed(1).replace(/\.0$/, '');
