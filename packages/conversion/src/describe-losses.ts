import { quoteName } from '@caissa/bytes';
import { containedIn, type PickleValue, type PyDict, PyGlobal, PyObject } from '@caissa/pytorch';
import type { FoundMetadata } from './find-metadata.js';
import { pathInside } from './value-path.js';

/** Values that are looked at for them. */
const MAX_VALUES = 100_000;

/** Longer paths are cut. */
const MAX_PATH_LENGTH = 200;

/** Names that need no quotes. */
const PLAIN_NAME = /^[\w.]{1,120}$/;

/** Says which values of a checkpoint are described, since they are objects of Python, and which are left out. */
export function warningsAbout({ metadata, leftOut }: FoundMetadata): string[] {
  const objects = objectsIn(metadata).map(sentenceAbout);
  const entries = leftOut.map((key) => `${pathInside('', key)} is data of the training, which is not carried.`);
  return [...objects, ...entries];
}

interface FoundObject {
  readonly path: string;
  readonly value: PyGlobal | PyObject;
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
      if (value instanceof PyGlobal || value instanceof PyObject) found.push({ ...place, value });
      places.push(place);
    }
  }
  return found;
}

function sentenceAbout({ path, value }: FoundObject): string {
  const place = path.length > MAX_PATH_LENGTH ? `${path.slice(0, MAX_PATH_LENGTH)}…` : path;
  const { fullName } = value;
  const name = PLAIN_NAME.test(fullName) ? fullName : quoteName(fullName);
  if (value instanceof PyGlobal) return `${place} is ${name} itself, of which only the name is carried.`;
  return `${place} is ${/^[aeio]/i.test(name) ? 'an' : 'a'} ${name}: it is kept as plain values, not as an object.`;
}
