/** Whether a list of entity tags, or `*`, names this strong one. Source: RFC 9110 sections 8.8.3 and 13.1.2. */
export function matchesTag(header: string, tag: string): boolean {
  if (header.trim() === '*') return true;
  const tags = header.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
  return tags.some((one) => one.replace(/^W\//, '') === tag);
}
