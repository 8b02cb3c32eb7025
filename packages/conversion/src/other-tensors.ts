import { NumpyArray, type PickleValue, PyObject } from '@caissa/pytorch';

/** What is to be said of tensors that PyTorch makes with these functions, as the rest of a sentence. */
const KINDS: readonly (readonly [name: string, says: string])[] = [
  ['_rebuild_qtensor', 'is quantised; save the state dict of the floating-point network that it was made from'],
  ['_rebuild_sparse', 'is sparse; save tensor.to_dense() instead'],
  ['_rebuild_nested', 'is nested; save tensor.to_padded_tensor(0) or its parts instead'],
  ['_rebuild_meta', 'is on the device meta and has no values; save the network after its weights were loaded'],
  ['', 'is no plain tensor; save tensor.detach().clone() instead'],
];

const REBUILDS = /^torch\.(?:_utils|_tensor)\.(?=_rebuild)/;

/** Returns what is to be said of a tensor that is not read; undefined for anything else. */
export function unreadableTensor(value: PickleValue): string | undefined {
  if (value instanceof NumpyArray) return 'is a NumPy array; save torch.from_numpy(array) instead';
  if (!(value instanceof PyObject) || !REBUILDS.test(value.fullName)) return undefined;
  const name = value.fullName.replace(REBUILDS, '');
  return KINDS.find(([start]) => name.startsWith(start))?.[1];
}
