import type { FormatError } from '@caissa/bytes';
import type { DType } from '@caissa/tensor';
import { TorchDtype } from '../pickle-value.js';
import {
  reduceByteArray,
  reduceComplex,
  reduceCounter,
  reduceDevice,
  reduceEncode,
  reduceOrderedDict,
  reduceSet,
  reduceSize,
} from './builtin-reducers.js';
import type { PickleMachine } from './machine.js';
import { FunctionGlobal, PickleGlobal, type Reducer, type StackValue, StorageGlobal } from './machine.js';
import { reduceArray, reduceDtype, reduceScalar } from './numpy.js';
import { NEWOBJ, OPCODE } from './opcode.js';
import { reduceFromType, reduceParameter, reduceTensor, reduceTensorV2, reduceTensorV3 } from './tensor-reducers.js';

const FUNCTIONS: readonly (readonly [module: string, name: string, reducer: Reducer])[] = [
  ['collections', 'OrderedDict', reduceOrderedDict],
  ['collections', 'Counter', reduceCounter],
  ['_codecs', 'encode', reduceEncode],
  ...['builtins', '__builtin__'].flatMap((module) => [
    [module, 'set', reduceSet] as const,
    [module, 'bytearray', reduceByteArray] as const,
    [module, 'complex', reduceComplex] as const,
  ]),
  ['torch', 'Size', reduceSize],
  ['torch', 'device', reduceDevice],
  ['torch._utils', '_rebuild_tensor', reduceTensor],
  ['torch._utils', '_rebuild_tensor_v2', reduceTensorV2],
  ['torch._utils', '_rebuild_tensor_v3', reduceTensorV3],
  ['torch._utils', '_rebuild_parameter', reduceParameter],
  ['torch._utils', '_rebuild_parameter_with_state', reduceParameter],
  ['torch._tensor', '_rebuild_from_type_v2', reduceFromType],
  ['numpy.core.multiarray', 'scalar', reduceScalar],
  ['numpy._core.multiarray', 'scalar', reduceScalar],
  ['numpy.core.multiarray', '_reconstruct', reduceArray],
  ['numpy._core.multiarray', '_reconstruct', reduceArray],
  ['numpy', 'dtype', reduceDtype],
];

/** Classes that stand as arguments of functions above and are never called themselves. */
const TYPES: readonly (readonly [module: string, name: string])[] = [
  ['numpy', 'ndarray'],
  ['torch', 'Tensor'],
  ['torch.nn.parameter', 'Parameter'],
  ['torch.storage', 'TypedStorage'],
];

/** Storage classes of the module torch, by the element type they hold. */
export const STORAGE_CLASSES: readonly (readonly [DType, string])[] = [
  ['float32', 'FloatStorage'],
  ['float64', 'DoubleStorage'],
  ['float16', 'HalfStorage'],
  ['bfloat16', 'BFloat16Storage'],
  ['int8', 'CharStorage'],
  ['int16', 'ShortStorage'],
  ['int32', 'IntStorage'],
  ['int64', 'LongStorage'],
  ['uint8', 'ByteStorage'],
  ['bool', 'BoolStorage'],
  ['complex64', 'ComplexFloatStorage'],
  ['complex128', 'ComplexDoubleStorage'],
];

/** Constants of the module torch that are element types, other than those a tensor here can have. */
const OTHER_DTYPES: readonly string[] = [
  'uint16',
  'uint32',
  'uint64',
  'complex32',
  'float8_e4m3fn',
  'float8_e4m3fnuz',
  'float8_e5m2',
  'float8_e5m2fnuz',
  'qint8',
  'quint8',
  'qint32',
];

const TABLE: ReadonlyMap<string, StackValue> = new Map<string, StackValue>([
  ...FUNCTIONS.map(
    ([module, name, reducer]) => [key(module, name), new FunctionGlobal(`${module}.${name}`, reducer)] as const,
  ),
  ...TYPES.map(([module, name]) => [key(module, name), new PickleGlobal(`${module}.${name}`)] as const),
  ...STORAGE_CLASSES.map(([dtype, name]) => [key('torch', name), new StorageGlobal(`torch.${name}`, dtype)] as const),
  [key('torch.storage', 'UntypedStorage'), new StorageGlobal('torch.storage.UntypedStorage', 'uint8', true)],
  ...[...STORAGE_CLASSES.map(([dtype]) => dtype), ...OTHER_DTYPES].map(
    (dtype) => [key('torch', dtype), new TorchDtype(dtype)] as const,
  ),
]);

/** A newline cannot stand in a name of the table, so two names never join to the same key. */
function key(module: string, name: string): string {
  return `${module}\n${name}`;
}

/**
 * Looks up a name in the table of what a checkpoint may contain. Nothing is ever imported.
 * @throws FormatError PICKLE_GLOBAL if it is not in it
 */
export function resolveGlobal(machine: PickleMachine, module: string, name: string): StackValue {
  const found = TABLE.get(key(module, name));
  if (found === undefined) throw refuse(machine, `${module}.${name}`.slice(0, 200));
  return found;
}

function refuse(machine: PickleMachine, fullName: string): FormatError {
  const isModule = fullName.startsWith('torch.nn.modules.') || createsInstance(machine);
  return machine.error(
    'PICKLE_GLOBAL',
    isModule
      ? `asks for \`${fullName}\`, a class of the program that saved it: a whole pickled object cannot be read safely, save model.state_dict() instead`
      : `asks for \`${fullName}\`, which is not something a checkpoint may contain`,
  );
}

/** Whether the operations that follow make an instance of the global: as `pickle` begins a whole `nn.Module`. */
function createsInstance(machine: PickleMachine): boolean {
  const memoBytes: Partial<Record<number, number>> = {
    [OPCODE.BINPUT]: 2,
    [OPCODE.LONG_BINPUT]: 5,
    [OPCODE.MEMOIZE]: 1,
  };
  const at = machine.position + (memoBytes[machine.bytes[machine.position] ?? 0] ?? 0);
  return machine.bytes[at] === OPCODE.EMPTY_TUPLE && machine.bytes[at + 1] === NEWOBJ;
}
