import { type DType, isFloatingPoint } from '@caissa/tensor';
import { STORAGE_CLASSES } from '../pickle/globals.js';
import { OPCODE } from '../pickle/opcode.js';
import type { CheckpointTensor, PyStorage } from '../pickle-value.js';
import type { PickleBuilder, Step } from './pickle-builder.js';
import type { StorageOrder, WrittenStorage } from './storage-order.js';

const CLASS_OF: ReadonlyMap<DType, string> = new Map(STORAGE_CLASSES);

/** Schedules a tensor as `torch.save` has it, a call of a rebuild function with its storage and view, then `next`. */
export function writeTensor(
  builder: PickleBuilder,
  order: StorageOrder,
  tensor: CheckpointTensor,
  next: readonly Step[],
): void {
  if (tensor.isParameter !== true) {
    writeView(builder, order, tensor, canRequireGrad(tensor) && (tensor.requiresGrad ?? false), next);
    return;
  }
  const steps = [
    () => writeView(builder, order, tensor, false, []),
    () => writeFlag(builder, canRequireGrad(tensor) && (tensor.requiresGrad ?? true)),
    () => writeNoHooks(builder),
  ];
  builder.call('torch._utils', '_rebuild_parameter', steps, next);
}

/** PyTorch refuses to load other tensors that want gradients, whoever wrote them. */
function canRequireGrad({ dtype }: CheckpointTensor): boolean {
  return isFloatingPoint(dtype) || dtype === 'complex64' || dtype === 'complex128';
}

/** Schedules a storage that stands by itself. */
export function writeStorage(builder: PickleBuilder, order: StorageOrder, { storage, isUntyped }: PyStorage): void {
  writePersistentId(builder, order.add(storage, storage.dtype, isUntyped));
}

function writeView(
  builder: PickleBuilder,
  order: StorageOrder,
  tensor: CheckpointTensor,
  requiresGrad: boolean,
  next: readonly Step[],
): void {
  const written = order.add(tensor.storage, tensor.dtype);
  const isOwnType = written.dtype === tensor.dtype && !written.isUntyped;
  const steps = [
    () => writePersistentId(builder, written),
    () => builder.integer(tensor.offset),
    () => builder.tuple(tensor.shape.map((size) => () => builder.integer(size))),
    () => builder.tuple(tensor.stride.map((step) => () => builder.integer(step))),
    () => writeFlag(builder, requiresGrad),
    () => writeNoHooks(builder),
  ];
  if (isOwnType) builder.call('torch._utils', '_rebuild_tensor_v2', steps, next);
  else {
    const dtype = (): void => builder.global('torch', tensor.dtype);
    builder.call('torch._utils', '_rebuild_tensor_v3', [...steps, dtype], next);
  }
}

function writePersistentId(builder: PickleBuilder, written: WrittenStorage): void {
  const writeClass = (): void => {
    if (written.isUntyped) builder.global('torch.storage', 'UntypedStorage');
    else builder.global('torch', CLASS_OF.get(written.dtype) ?? '');
  };
  const steps = [
    () => builder.text('storage'),
    writeClass,
    () => builder.text(written.key),
    () => builder.text('cpu'),
    () => builder.integer(written.elementCount),
  ];
  builder.schedule([() => builder.tuple(steps), () => builder.operation(OPCODE.BINPERSID)]);
}

function writeFlag(builder: PickleBuilder, flag: boolean): void {
  builder.operation(flag ? OPCODE.NEWTRUE : OPCODE.NEWFALSE);
}

function writeNoHooks(builder: PickleBuilder): void {
  builder.call('collections', 'OrderedDict', []);
}
