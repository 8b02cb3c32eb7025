import {
  OrderedDict,
  PyByteArray,
  PyComplex,
  PyCounter,
  PyDict,
  PyFloat,
  PySet,
  PyTuple,
  TorchDevice,
  TorchSize,
} from '../pickle-value.js';
import { asKey } from './items.js';
import type { PickleMachine, Reducer } from './machine.js';

/** `collections.OrderedDict()`; its items follow. */
export const reduceOrderedDict: Reducer = (machine, args) => {
  if (args.items.length !== 0) throw machine.corrupt('makes an OrderedDict with arguments');
  return new OrderedDict();
};

/** `collections.Counter(dict)`. */
export const reduceCounter: Reducer = (machine, args) => {
  const [counts = new PyDict()] = args.items;
  if (!(counts instanceof PyDict) || args.items.length > 1)
    throw machine.corrupt('makes a Counter of something other than a dict');
  machine.chargeReduced(counts.size);
  return new PyCounter(counts);
};

/** `_codecs.encode(text, 'latin1')`: how protocol 2 writes bytes. */
export const reduceEncode: Reducer = (machine, args) => {
  const [text, encoding] = args.items;
  if (typeof text !== 'string' || encoding !== 'latin1') throw machine.corrupt('encodes bytes other than as latin1');
  return latin1(machine, text);
};

/** `set(list)`. */
export const reduceSet: Reducer = (machine, args) => {
  const [items = []] = args.items;
  if (!Array.isArray(items) || args.items.length > 1)
    throw machine.corrupt('makes a set of something other than a list');
  machine.chargeReduced(items.length);
  return new PySet(items.map((item) => asKey(machine, item)));
};

/** `bytearray()`, `bytearray(bytes)`, or as protocol 2 has it `bytearray(text, 'latin-1')`. */
export const reduceByteArray: Reducer = (machine, args) => {
  const [content = new Uint8Array(0), encoding] = args.items;
  if (typeof content === 'string' && encoding === 'latin-1') return new PyByteArray(latin1(machine, content));
  if (!(content instanceof Uint8Array) || args.items.length > 1) {
    throw machine.corrupt('makes a bytearray of something other than bytes');
  }
  machine.chargeReduced(content.length);
  return new PyByteArray(content.slice());
};

/** `complex(real, imaginary)`. */
export const reduceComplex: Reducer = (machine, args) => {
  const [real, imaginary] = args.items;
  if (!(real instanceof PyFloat) || !(imaginary instanceof PyFloat)) {
    throw machine.corrupt('makes a complex of something other than two floats');
  }
  return new PyComplex(real.value, imaginary.value);
};

/** `torch.Size(tuple)`. */
export const reduceSize: Reducer = (machine, args) => {
  const [sizes] = args.items;
  const items = sizes instanceof PyTuple ? sizes.items : [];
  const numbers = items.filter((item) => typeof item === 'number').filter((item) => item >= 0);
  if (!(sizes instanceof PyTuple) || numbers.length !== items.length) {
    throw machine.corrupt('makes a torch.Size of something other than sizes');
  }
  machine.chargeReduced(items.length);
  return new TorchSize(numbers);
};

/** `torch.device('cuda', 0)`; the device need not exist. */
export const reduceDevice: Reducer = (machine, args) => {
  const [type, index] = args.items;
  const isIndex = index === undefined || (typeof index === 'number' && Number.isSafeInteger(index));
  if (typeof type !== 'string' || !isIndex || args.items.length > 2)
    throw machine.corrupt('makes a torch.device of other than a name');
  return new TorchDevice(type, index);
};

function latin1(machine: PickleMachine, text: string): Uint8Array {
  machine.chargeReduced(text.length);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw machine.corrupt('encodes text as latin1 that is not');
    bytes[i] = code;
  }
  return bytes;
}
