import { NumpyArray, type PickleValue, PyObject } from '@caissa/pytorch';

/** What tensors are that PyTorch makes with these functions, and what is to be said of them as the rest of a sentence. */
const KINDS: readonly (readonly [name: string, kind: string, says: string])[] = [
  [
    ...(['_rebuild_qtensor', 'a quantised tensor'] as const),
    'is quantised; save the state dict of the floating-point network that it was made from',
  ],
  ['_rebuild_sparse', 'a sparse tensor', 'is sparse; save tensor.to_dense() instead'],
  ['_rebuild_nested', 'a nested tensor', 'is nested; save tensor.to_padded_tensor(0) or its parts instead'],
  [
    ...(['_rebuild_meta', 'a tensor on the device meta'] as const),
    'is on the device meta and has no values; save the network after its weights were loaded',
  ],
  ['', 'a tensor of a class of its own', 'is no plain tensor; save tensor.detach().clone() instead'],
];

const REBUILDS = /^torch\.(?:_utils|_tensor)\.(?=_rebuild)/;

/** Returns what is to be said of a tensor that is not read; undefined for anything else. */
export function unreadableTensor(value: PickleValue): string | undefined {
  if (value instanceof NumpyArray) return 'is a NumPy array; save torch.from_numpy(array) instead';
  return value instanceof PyObject ? kindOf(value)?.[2] : undefined;
}

/** Returns what a tensor is that is not read, such as `a sparse tensor`; undefined for any other object. */
export function otherTensor(value: PyObject): string | undefined {
  return kindOf(value)?.[1];
}

function kindOf({ fullName }: PyObject): (typeof KINDS)[number] | undefined {
  if (!REBUILDS.test(fullName)) return undefined;
  const name = fullName.replace(REBUILDS, '');
  return KINDS.find(([start]) => name.startsWith(start));
}
