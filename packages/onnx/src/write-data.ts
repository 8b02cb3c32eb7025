import type { BlockWriter } from '@caissa/bytes';
import type { OnnxInitializer } from './model.js';

/**
 * Writes the elements of an initializer, without ever holding more than one piece of them.
 * @throws RangeError if they are not `sizeBytes`, as its shape says
 */
export async function writeData(out: BlockWriter, { data, name }: OnnxInitializer, sizeBytes: number): Promise<void> {
  if (!(data instanceof Uint8Array) && typeof data === 'object') {
    return out.copy({ source: data.source, offsetBytes: data.offsetBytes, lengthBytes: sizeBytes }, data.change);
  }
  let writtenBytes = 0;
  for await (const chunk of typeof data === 'function' ? data() : [data]) {
    writtenBytes += chunk.length;
    if (writtenBytes > sizeBytes) break;
    await out.write(chunk);
  }
  if (writtenBytes !== sizeBytes) {
    const found = writtenBytes > sizeBytes ? `more than ${sizeBytes}` : `${writtenBytes}`;
    throw new RangeError(`initializer ${name} gave ${found} bytes of data, its shape needs ${sizeBytes}`);
  }
}
