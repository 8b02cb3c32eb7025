import { OPERATIONS, type OperationName } from './opcodes.js';

const BY_NAME = new Map(OPERATIONS.map(([name, code, argument]) => [name, { code, argument }]));

/** Operations of a pickle that is being made. */
export class OperationWriter {
  #bytes = Buffer.allocUnsafe(4_096);
  #length = 0;

  /** Adds an operation. What it is given is its argument, bytes or text, of which the length is written as needed. */
  add(name: OperationName, argument: Uint8Array | string = ''): void {
    const { code, argument: form } = BY_NAME.get(name) as typeof BY_NAME extends Map<unknown, infer V> ? V : never;
    const isText = typeof argument === 'string';
    const sizeBytes = isText ? Buffer.byteLength(argument) : argument.length;
    this.#room(9 + sizeBytes);
    this.#bytes[this.#length++] = code;
    if (form.kind === 'counted') this.#count(sizeBytes, form.size);
    if (isText) this.#bytes.write(argument, this.#length);
    else this.#bytes.set(argument, this.#length);
    this.#length += sizeBytes;
  }

  /** Takes everything that was added. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }

  #count(sizeBytes: number, width: 1 | 4 | 8): void {
    this.#bytes.fill(0, this.#length, this.#length + width);
    this.#bytes.writeUIntLE(width === 1 ? sizeBytes % 256 : sizeBytes, this.#length, Math.min(width, 6));
    this.#length += width;
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.#length + bytes));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

/** Bytes of one operation; see {@link OperationWriter}. */
export function operation(name: OperationName, argument?: Uint8Array | string): Buffer {
  const writer = new OperationWriter();
  writer.add(name, argument);
  return writer.take();
}
