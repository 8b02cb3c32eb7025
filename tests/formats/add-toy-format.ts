import type { ByteSource } from '@caissa/bytes';
import { type FormatReader, type FormatWriter, READERS, VerificationError, WRITERS } from '@caissa/conversion';
import { FORMATS, type FormatFacts } from '@caissa/formats';
import { contiguousStride, elementCount, readFloat32, type Tensor } from '@caissa/tensor';

// To be imported before anything that derives from the tables: what follows is all that a format takes.

const MAGIC = 'TOY\n';

interface Header {
  readonly metadata: Parameters<FormatWriter['write']>[2]['metadata'];
  readonly shapes: Readonly<Record<string, readonly number[]>>;
}

const facts: FormatFacts = {
  label: 'Toy',
  extension: 'toy',
  contents: 'A line of JSON, and numbers.',
  use: 'For tests.',
  metadataExtension: 'toy.json',
  options: {
    age: {
      min: 3,
      max: 99,
      default: 4,
      defaultNote: 'widest fun',
      label: 'Age of the child',
      hint: 'The file is the same for each.',
      placeholder: 'years',
      metadataName: 'toy_age',
    },
  },
  uploads: ['.toy'],
};

/** `TOY`, a line of JSON with metadata and shapes, and the float32 elements of each tensor in that order. */
const writer: FormatWriter = {
  async write({ network, metadata: own }, target, { metadata: added, signal, onProgress }) {
    const shapes = Object.fromEntries([...network.tensors].map(([name, { shape }]) => [name, shape]));
    const header: Header = { metadata: { ...own, ...added }, shapes };
    await target.write(Buffer.from(`${MAGIC}${JSON.stringify(header)}\n`));
    let done = 0;
    for (const tensor of network.tensors.values()) {
      signal.throwIfAborted();
      await target.write(new Uint8Array((await readFloat32(tensor)).buffer));
      onProgress(++done, network.tensors.size);
    }
    return undefined;
  },
  async verify({ sizeBytes }, { network }, { level }) {
    const elements = [...network.tensors.values()].reduce((sum, { shape }) => sum + elementCount(shape), 0);
    if (sizeBytes <= elements * 4) throw new VerificationError('The toy is broken.');
    return { level, note: `${elements} elements` };
  },
};

const reader: FormatReader = {
  detect: async (source) => (await readText(source, MAGIC.length)) === MAGIC,
  async read(source) {
    const [, line = ''] = (await readText(source, Math.min(source.sizeBytes, 1 << 16))).split('\n');
    const { metadata, shapes }: Header = JSON.parse(line);
    let offsetBytes = MAGIC.length + Buffer.byteLength(line) + 1;
    const tensors = new Map<string, Tensor>();
    for (const [name, shape] of Object.entries(shapes)) {
      const sizeBytes = elementCount(shape) * 4;
      const storage = { key: name, dtype: 'float32', sizeBytes, source, offsetBytes } as const;
      tensors.set(name, { storage, dtype: 'float32', offset: 0, shape, stride: contiguousStride(shape) });
      offsetBytes += sizeBytes;
    }
    return {
      weights: [{ path: '', rank: 0, tensors, native: undefined }],
      ...{ declared: null, metadata, warnings: [] },
      verify: async () => undefined,
    };
  },
};

async function readText(source: ByteSource, lengthBytes: number): Promise<string> {
  const bytes = Buffer.alloc(Math.min(lengthBytes, source.sizeBytes));
  await source.readInto(bytes, 0);
  return bytes.toString('utf8');
}

Object.assign(FORMATS, { toy: facts });
Object.assign(WRITERS, { toy: writer });
Object.assign(READERS, { toy: reader });
