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

/** What is not seen and may do something to a terminal. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A text of a file that nobody has to trust, as one line that does nothing to a terminal. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A value as JSON that does nothing to a terminal: what {@link printable} escapes is escaped as JSON does it. */
export function printableJson(value: object): string {
  return JSON.stringify(value).replace(UNSEEN, (character) =>
    Array.from({ length: character.length }, (_, at) => {
      return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
    }).join(''),
  );
}

/** A size as people read it. */
export function readableSize(sizeBytes: number): string {
  return sizeBytes < 2 ** 20 ? `${(sizeBytes / 2 ** 10).toFixed(1)} KiB` : `${(sizeBytes / 2 ** 20).toFixed(1)} MiB`;
}
