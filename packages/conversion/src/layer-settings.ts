import { quoteName } from '@caissa/bytes';
import { type PickleValue, type PyDict, PyTuple, toJson } from '@caissa/pytorch';

/** What every convolution of the family has, along each axis. */
const SETTINGS: readonly (readonly [setting: string, expected: PickleValue])[] = [
  ['padding_mode', 'zeros'],
  ['dilation', 1],
  ['stride', 1],
  ['groups', 1],
];

/** Returns how a module's convolution differs from those of the family, as the rest of a sentence; undefined for all else. */
export function deviationOf(attributes: PyDict): string | undefined {
  const [kernelSize] = axesOf(attributes.get('kernel_size'));
  if (typeof kernelSize !== 'number') return undefined;
  for (const [setting, expected] of [...SETTINGS, ['padding', (kernelSize - 1) / 2] as const]) {
    const value = attributes.get(setting);
    const isExpected = axesOf(value).every((each) => each === expected);
    if (value === undefined || isExpected || isSamePadding(setting, value, expected)) continue;
    return `is of a convolution with ${setting} ${textOf(value)}, and ${textOf(expected)} is expected`;
  }
  return undefined;
}

function axesOf(value: PickleValue | undefined): readonly PickleValue[] {
  if (value instanceof PyTuple) return value.items;
  return Array.isArray(value) ? value : [value ?? null];
}

/** Whether it is a padding in words that comes to what is expected. */
function isSamePadding(setting: string, value: PickleValue, expected: PickleValue): boolean {
  return setting === 'padding' && (value === 'same' || (value === 'valid' && expected === 0));
}

function textOf(value: PickleValue): string {
  const shown = toJson(value);
  return typeof shown === 'string' ? quoteName(shown) : quoteName(JSON.stringify(shown)).slice(1, -1);
}
