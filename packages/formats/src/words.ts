/** Words as a list in a sentence: `a, b, and c`. */
export function listed(words: readonly string[], conjunction: 'and' | 'or'): string {
  return new Intl.ListFormat('en-US', { type: conjunction === 'and' ? 'conjunction' : 'disjunction' }).format(words);
}

/** A name with its article: `an ONNX`. */
export function withArticle(name: string): string {
  return `${/^[AEIO]/.test(name) ? 'an' : 'a'} ${name}`;
}
