import { quoteName } from '@caissa/bytes';
import {
  canBeListed,
  containedIn,
  elementType,
  isEmptyNamespace,
  NumpyArray,
  type PickleValue,
  type PyDict,
  PyGlobal,
  PyObject,
  shownName,
  typeName,
} from '@caissa/pytorch';
import type { FoundMetadata } from './find-metadata.js';
import { isTensorType } from './memory-tensors.js';
import { otherTensor } from './other-tensors.js';
import { pathInside } from './value-path.js';

/** Values that are looked at for them. */
const MAX_VALUES = 100_000;

/** Longer paths are cut. */
const MAX_PATH_LENGTH = 200;

/** Names that need no quotes. */
const PLAIN_NAME = /^[\w.]{1,120}$/;

/** By convention functions begin with a small letter, and classes do not. */
const FUNCTION_NAME = /(?:^|\.)[a-z]\w*$/;

/** Says which values of a checkpoint are described, since they are objects of Python, and which are left out. */
export function warningsAbout({ metadata, leftOut, contradicted }: FoundMetadata): string[] {
  const differences = contradicted.map((key) => {
    const [kept, other] = [pathInside('metadata', key), pathInside('', key)].map(placeText);
    return `${kept} and ${other} differ: the first is exported, the second is not.`;
  });
  const objects = objectsIn(metadata).map(sentenceAbout);
  const entries = leftOut.map((path) => `${placeText(path)} holds training data, which is not exported.`);
  return [...differences, ...objects, ...entries];
}

interface FoundObject {
  readonly path: string;
  readonly value: PyGlobal | PyObject | NumpyArray;
}

/** Objects, classes and functions among values, those nearest to the top first; each where it is found first. */
function objectsIn(metadata: PyDict): FoundObject[] {
  const found: FoundObject[] = [];
  const places: { readonly value: PickleValue; readonly path: string }[] = [{ value: metadata, path: '' }];
  const seen = new Set<PickleValue>([metadata]);
  let left = MAX_VALUES;
  for (const { value: outer, path } of places) {
    for (const { value, key } of containedIn(outer)) {
      if (left-- <= 0) return found;
      if (typeof value !== 'object' || value === null || seen.has(value)) continue;
      seen.add(value);
      const place = { value, path: key === undefined ? path : pathInside(path, key) };
      if (isDescribed(value)) found.push({ ...place, value });
      places.push(place);
    }
  }
  return found;
}

function isDescribed(value: PickleValue): value is FoundObject['value'] {
  if (value instanceof NumpyArray) return !isTensorType(value.dtype) && !isListed(value);
  return value instanceof PyGlobal || (value instanceof PyObject && !isEmptyNamespace(value));
}

function isListed({ dtype, shape }: NumpyArray): boolean {
  return canBeListed(shape) && elementType(typeName(dtype)) !== undefined;
}

function sentenceAbout({ path, value }: FoundObject): string {
  const place = placeText(path);
  if (value instanceof NumpyArray) {
    return `${place} is an array of ${typeName(value.dtype)}: its shape and a digest are kept, its values are not.`;
  }
  const fullName = shownName(value.fullName);
  const name = PLAIN_NAME.test(fullName) ? fullName : quoteName(fullName);
  if (value instanceof PyGlobal) return `${place} is ${name} itself, of which only the name is carried.`;
  const tensor = otherTensor(value);
  if (tensor !== undefined) return `${place} is ${tensor}: its shape is kept, its values are not.`;
  if (isCall(value)) return `${place} is what ${name}(…) would return: only the call is described.`;
  return `${place} is ${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}: it is kept as plain values, not as an object.`;
}

function isCall({ fullName, state, dict, list }: PyObject): boolean {
  return FUNCTION_NAME.test(shownName(fullName)) && state === null && dict === undefined && list === undefined;
}

function placeText(path: string): string {
  return path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH)}…` : path;
}
