import { boundaries } from '../opcodes.js';
import type { Random } from './random.js';
import { RandomPickle } from './random-pickle.js';

/** Changes single bytes, or cuts. */
export function mutateBytes(original: Buffer, random: Random): Buffer {
  if (random.percent(10)) return Buffer.from(original.subarray(0, random.below(original.length)));
  const bytes = Buffer.from(original);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(bytes.length);
    bytes[at] = random.percent(50) ? random.below(256) : (bytes[at] as number) ^ (1 << random.below(8));
  }
  return bytes;
}

/** Takes operations of a pickle out, doubles, moves or replaces them. */
export function mutateOperations(original: Buffer, random: Random): Buffer {
  const starts = boundaries(original);
  const operations = starts.slice(0, -1).map((start, index) => original.subarray(start, starts[index + 1]));
  for (let changes = 1 + random.below(4); changes > 0 && operations.length > 0; changes--) {
    const at = random.below(operations.length);
    const ways: (() => void)[] = [
      () => void operations.splice(at, 1 + random.few()),
      () => void operations.splice(at, 0, random.pick(operations)),
      () => void operations.splice(at, 1, new RandomPickle(random).value()),
      () => void operations.splice(at, 0, new RandomPickle(random).value(4)),
      () =>
        void operations.splice(
          at,
          0,
          ...operations.slice(random.below(operations.length)).slice(0, 1 + random.below(30)),
        ),
      () => void operations.splice(at, 1, mutateBytes(operations[at] as Buffer, random)),
    ];
    random.pick(ways)();
  }
  return Buffer.concat(operations);
}
