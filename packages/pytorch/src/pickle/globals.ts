import { FormatError } from '@caissa/bytes';
import type { DType } from '@caissa/tensor';
import { MAX_GLOBAL_NAME_CHARACTERS, MAX_GLOBAL_NAME_DOTS } from '../limits.js';
import { type PickleValue, PyGlobal, PyObject, PyTuple, TorchDtype } from '../pickle-value.js';
import { BUILTIN_TYPES } from './builtin-types.js';
import { CLASS_MAKERS } from './class-makers.js';
import { COLLECTION_TYPES } from './collection-types.js';
import { COST } from './costs.js';
import { isDangerous, isSpecialName } from './dangerous.js';
import { DATE_TYPES } from './date-types.js';
import { FunctionGlobal, GuardedGlobal, type Reducer, StorageGlobal } from './known-globals.js';
import type { PickleMachine } from './machine.js';
import { NUMPY_TYPES } from './numpy.js';
import { TENSOR_REDUCERS } from './tensor-reducers.js';
import { TEXT_TYPES } from './text-types.js';
import { TORCH_TYPES } from './torch-types.js';

/** Functions and classes that mean something when they are called. */
const FUNCTIONS: readonly (readonly [module: string, name: string, reducer: Reducer])[] = [
  ...BUILTIN_TYPES,
  ...CLASS_MAKERS,
  ...COLLECTION_TYPES,
  ...DATE_TYPES,
  ...TEXT_TYPES,
  ...TORCH_TYPES,
  ...TENSOR_REDUCERS,
  ...NUMPY_TYPES,
];

/** Classes that stand as arguments of functions above. */
const TYPES: readonly (readonly [module: string, name: string])[] = [
  ['builtins', 'object'],
  ['__builtin__', 'object'],
  ['numpy', 'ndarray'],
  ['torch', 'Tensor'],
  ['torch.nn.parameter', 'Parameter'],
  ['torch.storage', 'TypedStorage'],
];

/** Storage classes of the module torch, by the element type they hold. Quantised ones hold plain integers. */
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

/** Quantised storages hold plain integers; what a tensor of one is, its rebuild function says. */
const QUANTISED_CLASSES: readonly (readonly [DType, string])[] = [
  ['int8', 'QInt8Storage'],
  ['int32', 'QInt32Storage'],
  ['uint8', 'QUInt8Storage'],
  ['uint8', 'QUInt4x2Storage'],
  ['uint8', 'QUInt2x4Storage'],
];

/** Constants of the module torch that are element types, other than those a tensor here can have. */
const OTHER_DTYPES =
  'uint16 uint32 uint64 complex32 float4_e2m1fn_x2 float8_e4m3fn float8_e4m3fnuz float8_e5m2 float8_e5m2fnuz ' +
  'float8_e8m0fnu qint8 qint32 quint8 quint4x2 quint2x4 bits8 bits16 bits1x8 bits2x4 bits4x2';

const TABLE: ReadonlyMap<string, PickleValue> = new Map<string, PickleValue>([
  ...FUNCTIONS.map(
    ([module, name, reducer]) => [key(module, name), new FunctionGlobal(`${module}.${name}`, reducer)] as const,
  ),
  ...TYPES.map(([module, name]) => [key(module, name), new PyGlobal(`${module}.${name}`)] as const),
  ...['builtins', '__builtin__'].map(
    (module) => [key(module, 'getattr'), new GuardedGlobal(`${module}.getattr`, reduceAttribute)] as const,
  ),
  ...['builtins', '__builtin__', 'functools', '_functools'].map(
    (module) => [key(module, 'reduce'), new GuardedGlobal(`${module}.reduce`, reduceUnion)] as const,
  ),
  ...[...STORAGE_CLASSES, ...QUANTISED_CLASSES].map(
    ([dtype, name]) => [key('torch', name), new StorageGlobal(`torch.${name}`, dtype)] as const,
  ),
  [key('torch.storage', 'UntypedStorage'), new StorageGlobal('torch.storage.UntypedStorage', 'uint8', true)],
  ...[...STORAGE_CLASSES.map(([dtype]) => dtype), ...OTHER_DTYPES.split(' ')].map(
    (dtype) => [key('torch', dtype), new TorchDtype(dtype)] as const,
  ),
]);

const IDS: ReadonlyMap<PickleValue, string> = new Map([...TABLE].map(([id, value]) => [value, id]));

/** Names that tell which program wrote a file, when it was not `torch.save`. */
const OTHER_WRITERS: readonly (readonly [name: RegExp, explanation: string])[] = [
  [
    /^torch\.storage\._load_from_bytes$/,
    'This file was written by pickle.dump: load it as it was saved, and save its state_dict() with torch.save.',
  ],
  [
    /^torch\.jit\._pickle\./,
    'This file was written by torch::pickle_save of C++: load it in Python with torch.load, and save it with torch.save.',
  ],
];

/** A newline cannot stand in a name of the table, so two names never join to the same key. */
function key(module: string, name: string): string {
  return `${module}\n${name}`;
}

/**
 * Looks up a name: what it means here, or else the name itself, which stands for nothing. Nothing is ever imported.
 * @throws FormatError PICKLE_DANGEROUS if only an attack needs it; PICKLE_GLOBAL where names without a meaning are
 * refused; NOT_A_CHECKPOINT if it shows that `torch.save` did not write the file; PICKLE_LIMIT
 */
export function resolveGlobal(machine: PickleMachine, module: string, name: string): PickleValue {
  if (module.length + name.length > MAX_GLOBAL_NAME_CHARACTERS) {
    throw machine.error('PICKLE_LIMIT', `has a name of ${module.length + name.length} characters`);
  }
  machine.budget.spend(COST.name);
  const id = key(module, name);
  return TABLE.get(id) ?? machine.globals.get(id) ?? makeGlobal(machine, module, name);
}

function makeGlobal(machine: PickleMachine, module: string, name: string): PyGlobal {
  const fullName = `${module}.${name}`;
  const dots = fullName.split('.').length - 1;
  if (dots > MAX_GLOBAL_NAME_DOTS) throw machine.error('PICKLE_LIMIT', `has a name of ${dots} dots`);
  machine.budget.spend(CLASSIFY_WORK * (dots + 1));
  const writer = OTHER_WRITERS.find(([names]) => names.test(fullName));
  if (writer !== undefined) throw new FormatError('NOT_A_CHECKPOINT', writer[1]);
  if (isDangerous(module, name)) throw machine.dangerous(fullName);
  machine.refuseUnknown(fullName);
  machine.budget.allocate(COST.global + 4 * fullName.length);
  const global = new PyGlobal(fullName);
  machine.globals.set(key(module, name), global);
  machine.globalIds.set(global, key(module, name));
  return global;
}

const CLASSIFY_WORK = 4_000;

/** `reduce(operator.or_, classes)`: how Python saves a type annotation such as `int | None`. */
function reduceUnion(machine: PickleMachine, [operator, classes]: readonly PickleValue[], callee: PyGlobal): undefined {
  const isUnion = operator instanceof PyGlobal && UNION_OPERATORS.has(operator.fullName) && classes instanceof PyTuple;
  if (!isUnion) throw machine.dangerous(callee.fullName);
}

const UNION_OPERATORS: ReadonlySet<string> = new Set(['operator.or_', '_operator.or_']);

/**
 * `getattr(class, name)`: how protocols before 4 name what stands in a class, and a method of an object. It comes to the
 * name, under the rules for names; with anything else, only an attack needs it.
 */
function reduceAttribute(machine: PickleMachine, [object, name]: readonly PickleValue[], callee: PyGlobal) {
  if (typeof name !== 'string' || isSpecialName(name)) throw machine.dangerous(callee.fullName);
  if (object instanceof PyObject) return undefined;
  if (!(object instanceof PyGlobal)) throw machine.dangerous(callee.fullName);
  const [module = '', path = ''] = (machine.globalIds.get(object) ?? IDS.get(object) ?? '').split('\n');
  return resolveGlobal(machine, module, `${path}.${name}`);
}
