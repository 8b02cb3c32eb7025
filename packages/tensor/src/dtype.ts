/** Element types, by their NumPy and PyTorch names. */
export const DTYPE_ITEM_SIZE_BYTES = {
  bool: 1,
  uint8: 1,
  int8: 1,
  int16: 2,
  float16: 2,
  bfloat16: 2,
  int32: 4,
  float32: 4,
  int64: 8,
  float64: 8,
  complex64: 8,
  complex128: 16,
} as const;

/** Element type of a tensor or storage; little-endian always. */
export type DType = keyof typeof DTYPE_ITEM_SIZE_BYTES;

/** Bytes that one element takes. */
export function itemSizeBytes(dtype: DType): number {
  return DTYPE_ITEM_SIZE_BYTES[dtype];
}

/** Whether elements are real floating-point numbers, which a network's weights are. */
export function isFloatingPoint(dtype: DType): boolean {
  return dtype === 'float32' || dtype === 'float16' || dtype === 'bfloat16' || dtype === 'float64';
}
