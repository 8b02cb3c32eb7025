/** Words as a list in a sentence: `a, b, and c`. Not by `Intl`, whose first list takes 12 ms of each start of the command line. */
export function listed(words: readonly string[], conjunction: 'and' | 'or'): string {
  if (words.length < 3) return words.join(` ${conjunction} `);
  return `${words.slice(0, -1).join(', ')}, ${conjunction} ${words.at(-1)}`;
}

/** A name with its article: `an ONNX`. */
export function withArticle(name: string): string {
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}
