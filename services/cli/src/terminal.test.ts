import { describe, expect, it } from 'vitest';
import { printable, printableJson } from './terminal.js';

/** Colours, in both ways to write them; a direction; a line; a character that is not seen. */
const HOSTILE = '\u001b[31m\u009b31m\u202e\u2028\n\u007f\u{e0041}';

describe('what is printed', () => {
  it('does nothing to a terminal', () => {
    expect(printable(HOSTILE)).toBe('\\u{1b}[31m\\u{9b}31m\\u{202e}\\u{2028}\\u{a}\\u{7f}\\u{e0041}');
    expect(printable('é漢😀')).toBe('é漢😀');
  });

  it('is still the same JSON', () => {
    const shown = printableJson({ [HOSTILE]: [HOSTILE, 'é漢😀'] });
    expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(JSON.parse(shown)).toEqual({ [HOSTILE]: [HOSTILE, 'é漢😀'] });
  });
});
