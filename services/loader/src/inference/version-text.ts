/** A model's version as the Open Inference Protocol writes it: a text, `1` if the checkpoint has none. */
export function versionText(version: number | null): string {
  return String(version ?? 1);
}
