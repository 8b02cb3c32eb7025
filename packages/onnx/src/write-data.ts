import type { BlockWriter } from '@caissa/bytes';
import type { OnnxInitializer } from './model.js';

/**
 * Writes the elements of an initializer, without ever holding more than one piece of them.
 * @throws RangeError if they are not `sizeBytes`, as its shape says
 */
export async function writeData(out: BlockWriter, { data, name }: OnnxInitializer, sizeBytes: number): Promise<void> {
  const mismatch = (found: string) =>
    new RangeError(`initializer ${name} gave ${found} bytes of data, its shape needs ${sizeBytes}`);
  if (typeof data === 'object' && 'source' in data) {
    if (data.lengthBytes !== sizeBytes) throw mismatch(`${data.lengthBytes}`);
    return out.copy(data, data.change);
  }
  let writtenBytes = 0;
  for await (const chunk of typeof data === 'function' ? data() : [data]) {
    writtenBytes += chunk.length;
    if (writtenBytes > sizeBytes) throw mismatch(`more than ${sizeBytes}`);
    await out.write(chunk);
  }
  if (writtenBytes < sizeBytes) throw mismatch(`${writtenBytes}`);
}
