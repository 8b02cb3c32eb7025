/** How the command talks to whoever started it. */
export interface Terminal {
  /** Writes results. */
  out(text: string): void;
  /** Writes remarks and errors. */
  err(text: string): void;
  /** Whether remarks are read on a screen, where a line can be written over. */
  readonly isInteractive: boolean;
  readonly columns: number;
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
}

/** A text of a file that nobody has to trust, as one line that does nothing to a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** A size as people read it. */
export function readableSize(sizeBytes: number): string {
  return sizeBytes < 2 ** 20 ? `${(sizeBytes / 2 ** 10).toFixed(1)} KiB` : `${(sizeBytes / 2 ** 20).toFixed(1)} MiB`;
}
