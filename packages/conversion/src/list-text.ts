/** A message is to be read: more items are counted. */
const MAX_LISTED = 8;
const MAX_CHARACTERS = 160;

/** Lists items as a sentence does: `a, b and c`, or with another word than `and`; of many, or of long ones, the first few. */
export function listText<Item>(items: readonly Item[], textOf: (item: Item) => string, word = 'and'): string {
  const listed: string[] = [];
  let characters = 0;
  for (const item of items.slice(0, MAX_LISTED)) {
    const text = textOf(item);
    characters += text.length;
    if (listed.length > 0 && characters > MAX_CHARACTERS) break;
    listed.push(text);
  }
  if (items.length > listed.length) return `${listed.join(', ')} ${word} ${items.length - listed.length} more`;
  return listed.length > 1 ? `${listed.slice(0, -1).join(', ')} ${word} ${listed.at(-1)}` : listed.join();
}
