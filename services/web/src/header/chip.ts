/** How the pills of the header look; the colours are the caller's. */
export const CHIP_CLASS =
  'inline-flex h-7 items-center gap-1.5 rounded-full border px-2.5 font-medium whitespace-nowrap';
