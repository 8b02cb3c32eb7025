import { describe, expect, it } from 'vitest';
import { FormatError, quoteName } from './format-error.js';

describe('a FormatError', () => {
  it('carries no more of a file than a sentence and a name', () => {
    const { message, entry } = new FormatError('ZIP_PATH', 'x'.repeat(1e6), { entry: 'y'.repeat(1e6) });
    expect(message.length).toBeLessThan(1_100);
    expect(entry).toBe(`${'y'.repeat(120)}…`);
  });
});

describe('quoteName', () => {
  it.each([
    ['data/0', '"data/0"'],
    ['a"b\\c', '"a\\"b\\\\c"'],
    ['\u001b[31m\n\u0000', '"\\u001b[31m\\n\\u0000"'],
    ['\u009b31m\u007f', '"\\u009b31m\\u007f"'],
    ['\u202etxt.exe\u200b\u2028', '"\\u202etxt.exe\\u200b\\u2028"'],
    ['\u{e0041}', '"\\udb40\\udc41"'],
    ['\ud800', '"\\ud800"'],
    ['é漢😀', '"é漢😀"'],
  ])('shows %j harmlessly, so that it can be read back', (name, shown) => {
    expect(quoteName(name)).toBe(shown);
    expect(JSON.parse(shown)).toBe(name);
  });

  it('cuts what is long', () => {
    expect(quoteName('x'.repeat(1e6))).toHaveLength(123);
  });
});
