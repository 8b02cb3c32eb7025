import { type Architecture, checkDeclared } from '@caissa/chess';
import { fromJson, type PickleValue, PyDict, PyFloat, toJsonWithin } from '@caissa/pytorch';
import { portableValue } from './portable-value.js';

/** What a declared shape may amount to. */
const COMPARED = { values: 100, characters: 1000 };

/**
 * The entry `architecture` of an exported checkpoint. What the source declares stays as it is, so that its network class
 * can be called with it; a size or shape that its weights contradict becomes theirs. Without a declaration the sizes are added,
 * and always the shapes of the input `[planes, 8, 8]` and of the outputs.
 */
export function architectureEntry(architecture: Architecture, declared: PyDict | undefined): PyDict {
  const { channels, blocks, planes, policySize } = architecture;
  const entry = declared === undefined ? new PyDict() : new PyDict(portableValue(declared) as PyDict);
  const isDeclared = entry.size > 0;
  for (const [key, size] of [
    ['num_channels', channels],
    ['num_res_blocks', blocks],
  ] as const) {
    const found = entry.get(key);
    if (found === undefined ? !isDeclared : !isNumber(found, size)) entry.set(key, size);
  }
  const shape = entry.get('input_shape');
  if (shape === undefined || contradicts(architecture, 'input_shape', shape)) entry.set('input_shape', [planes, 8, 8]);
  if (contradicts(architecture, 'policy_size', entry.get('policy_size'))) entry.set('policy_size', policySize);
  if (!entry.has('output_shapes')) entry.set('output_shapes', fromJson({ policy: policySize, value: 1 }));
  return entry;
}

/** Whether a declared value is another one than that of the weights. */
function contradicts(architecture: Architecture, key: string, declared: PickleValue = null): boolean {
  return checkDeclared(architecture, { [key]: toJsonWithin(declared, COMPARED) }).length > 0;
}

/** Whether a declared value is a number, also as text. */
function isNumber(declared: PickleValue, number: number): boolean {
  if (typeof declared === 'string') return declared.trim() !== '' && Number(declared) === number;
  return (declared instanceof PyFloat ? declared.value : declared) === number;
}
