/** The number of exports to keep that was typed; undefined if it is none. */
export function parseKeep(text: string): number | undefined {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : undefined;
}
