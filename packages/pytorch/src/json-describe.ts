import {
  isTensor,
  NumpyArray,
  NumpyDtype,
  NumpyScalar,
  type PickleValue,
  PyByteArray,
  PyComplex,
  PyDict,
  PyGlobal,
  PyObject,
  PyStorage,
  TorchDevice,
  TorchDtype,
} from './pickle-value.js';

/** A few words for a value that JSON cannot hold, in the way Python would print it. */
export function describeValue(value: PickleValue): string {
  if (isTensor(value)) return `tensor(shape=[${value.shape.join(', ')}], dtype=${value.dtype})`;
  if (value instanceof PyStorage) return `storage(${value.storage.sizeBytes} bytes)`;
  if (value instanceof Uint8Array) return `bytes(${value.length})`;
  if (value instanceof PyByteArray) return `bytearray(${value.bytes.length})`;
  if (value instanceof PyComplex) return `complex(${value.real}, ${value.imaginary})`;
  if (value instanceof TorchDevice) return value.index === undefined ? value.type : `${value.type}:${value.index}`;
  if (value instanceof TorchDtype) return `torch.${value.dtypeName}`;
  if (value instanceof NumpyDtype) return `numpy.dtype(${value.code})`;
  if (value instanceof NumpyScalar) return `numpy.scalar(${value.dtype.code})`;
  if (value instanceof NumpyArray) return `numpy.ndarray(shape=[${value.shape.join(', ')}], dtype=${value.dtype.code})`;
  if (value instanceof PyGlobal || value instanceof PyObject) return `<${value.fullName}>`;
  if (value instanceof PyDict) return `dict(${value.size})`;
  return 'list(…)';
}

/** The number in the bytes of a NumPy scalar; undefined if JavaScript has no such number. */
export function numpyNumber(dtype: NumpyDtype, bytes: Uint8Array): number | bigint | boolean | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return READERS[dtype.code]?.(view, dtype.byteOrder !== '>');
}

const READERS: Partial<Record<string, (view: DataView, isLittleEndian: boolean) => number | bigint | boolean>> = {
  b1: (view) => view.getUint8(0) !== 0,
  i1: (view) => view.getInt8(0),
  u1: (view) => view.getUint8(0),
  i2: (view, little) => view.getInt16(0, little),
  u2: (view, little) => view.getUint16(0, little),
  i4: (view, little) => view.getInt32(0, little),
  u4: (view, little) => view.getUint32(0, little),
  i8: (view, little) => view.getBigInt64(0, little),
  u8: (view, little) => view.getBigUint64(0, little),
  f4: (view, little) => view.getFloat32(0, little),
  f8: (view, little) => view.getFloat64(0, little),
};
