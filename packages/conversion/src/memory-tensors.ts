import { BufferSource } from '@caissa/bytes';
import { type CheckpointTensor, type NumpyArray, type NumpyDtype, type PyComplex, typeName } from '@caissa/pytorch';
import { contiguousStride, type DType, itemSizeBytes, type Storage } from '@caissa/tensor';

/** NumPy's element types that a tensor can have in every version of PyTorch. */
const TENSOR_TYPES: ReadonlySet<string> = new Set<DType>([
  ...(['bool', 'uint8', 'int8', 'int16', 'int32', 'int64', 'float16', 'float32', 'float64'] as const),
  ...(['complex64', 'complex128'] as const),
]);

/** Whether a tensor can have the elements of an array. */
export function isTensorType(dtype: NumpyDtype): boolean {
  return TENSOR_TYPES.has(typeName(dtype));
}

/** Makes tensors of bytes in memory. Bytes that are used again and again are one storage. */
export class MemoryTensors {
  readonly #storages = new Map<Uint8Array, Storage[]>();

  /** A tensor `[length]` of uint8. */
  bytes(bytes: Uint8Array): CheckpointTensor {
    return view(this.#storageOf(bytes, 0), 'uint8', [bytes.length], [1]);
  }

  /** A tensor without axes, of complex128. */
  complex({ real, imaginary }: PyComplex): CheckpointTensor {
    return view(this.#storageOf(new Uint8Array(Float64Array.of(real, imaginary).buffer), 0), 'complex128', [], []);
  }

  /** A tensor with the elements of an array; undefined for an element type that no tensor has. */
  array({ dtype: { byteOrder }, dtype, shape, isFortranOrder, bytes }: NumpyArray): CheckpointTensor | undefined {
    if (!isTensorType(dtype)) return undefined;
    const name = typeName(dtype);
    const type = name as DType;
    const partBytes = itemSizeBytes(type) / (name.startsWith('complex') ? 2 : 1);
    const stride = isFortranOrder ? contiguousStride(shape.toReversed()).toReversed() : contiguousStride(shape);
    return view(this.#storageOf(bytes, byteOrder === '>' ? partBytes : 0), type, shape, stride);
  }

  #storageOf(bytes: Uint8Array, swappedBytes: number): Storage {
    const known = this.#storages.get(bytes) ?? [];
    this.#storages.set(bytes, known);
    known[swappedBytes] ??= {
      ...{ key: 'memory', dtype: 'uint8', sizeBytes: bytes.length, offsetBytes: 0 },
      source: new BufferSource(swapped(bytes, swappedBytes)),
    };
    return known[swappedBytes];
  }
}

function view(storage: Storage, dtype: DType, shape: readonly number[], stride: readonly number[]): CheckpointTensor {
  return { storage, dtype, offset: 0, shape, stride };
}

/** Big-endian numbers of a size turned round; PyTorch has no others than little-endian ones. */
function swapped(bytes: Uint8Array, partBytes: number): Uint8Array {
  if (partBytes <= 1) return bytes;
  const copy = Buffer.from(bytes);
  if (partBytes === 2) return copy.swap16();
  return partBytes === 4 ? copy.swap32() : copy.swap64();
}
