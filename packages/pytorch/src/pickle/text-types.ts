import { type PickleValue, PyDict, PyObject } from '../pickle-value.js';
import { itemsOf } from './collection-types.js';
import { COST } from './costs.js';
import type { Reducer } from './known-globals.js';
import { PendingObject } from './pending-object.js';

/** A class that is pickled as the text it is made of. */
const reduceText: Reducer = (_machine, args) => {
  const [text] = args;
  return typeof text === 'string' && args.length === 1 ? text : undefined;
};

/** `Fraction('1/3')`, or since Python 3.12 `Fraction(1, 3)`. */
const reduceFraction: Reducer = (_machine, [numerator, denominator]) => {
  if (typeof numerator === 'string') return numerator;
  return isInteger(numerator) && isInteger(denominator) ? `${numerator}/${denominator}` : undefined;
};

/** `IPv4Address(number of 32 bits)`. */
const reduceAddress: Reducer = (_machine, [value]) => {
  if (typeof value !== 'number' || value < 0 || value >= 2 ** 32) return undefined;
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');
};

/** `PurePath(part, part, …)`: the first one can be a root or a drive, which has its separator already. */
function reducePath(separator: '/' | '\\'): Reducer {
  return (machine, args) => {
    const parts = args.filter((part) => typeof part === 'string');
    if (parts.length !== args.length) return undefined;
    machine.budget.allocate(parts.reduce((sum, part) => sum + 2 * part.length + COST.item, 0));
    const [first, ...rest] = parts;
    if (first === undefined) return '.';
    const glue = rest.length === 0 || first.endsWith(separator) ? '' : separator;
    return `${first}${glue}${rest.join(separator)}`;
  };
}

/** `UUID` with the attribute `int`, of 128 bits. */
function uuidOf(state: PickleValue): string | undefined {
  const value = state instanceof PyDict ? state.get('int') : undefined;
  if (!isInteger(value) || value < 0 || BigInt(value) >= 1n << 128n) return undefined;
  const hex = value.toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const reduceUuid: Reducer = (machine, args, { fullName }) => {
  if (args.length > 0) return undefined;
  machine.budget.allocate(COST.object);
  return new PendingObject(fullName, args, uuidOf);
};

/** `Version` of the library packaging, whose attribute `_version` has epoch, release, dev, pre, post and local. */
function versionOf(state: PickleValue): string | undefined {
  const version = state instanceof PyDict ? state.get('_version') : undefined;
  if (!(version instanceof PyObject) || version.args.length !== 6) return undefined;
  const [epoch, release, dev, pre, post, local] = version.args;
  const text = (value: PickleValue | undefined, glue: string): string | undefined => {
    const items = itemsOf(value)?.slice(0, MAX_VERSION_PARTS);
    return items?.every((item) => typeof item === 'string' || typeof item === 'number') ? items.join(glue) : undefined;
  };
  const released = text(release, '.');
  if (released === undefined || typeof epoch !== 'number') return undefined;
  const suffixes = [text(pre, ''), dotted(text(post, '')), dotted(text(dev, '')), plus(text(local, '.'))];
  return `${epoch === 0 ? '' : `${epoch}!`}${released}${suffixes.join('')}`;
}

const MAX_VERSION_PARTS = 20;

function dotted(text: string | undefined): string {
  return text === undefined ? '' : `.${text}`;
}

function plus(text: string | undefined): string {
  return text === undefined ? '' : `+${text}`;
}

const reduceVersion: Reducer = (machine, args, callee) => {
  if (args.length > 0) return reduceText(machine, args, callee);
  machine.budget.allocate(COST.object);
  return new PendingObject(callee.fullName, args, versionOf);
};

function isInteger(value: PickleValue | undefined): value is number | bigint {
  return typeof value === 'number' || typeof value === 'bigint';
}

const PATHS: readonly (readonly [name: string, separator: '/' | '\\'])[] = [
  ['PurePath', '/'],
  ['Path', '/'],
  ['PurePosixPath', '/'],
  ['PosixPath', '/'],
  ['PureWindowsPath', '\\'],
  ['WindowsPath', '\\'],
];

/** Types that one text stands for whole: paths, identifiers, exact numbers, addresses, versions. */
export const TEXT_TYPES: readonly (readonly [module: string, name: string, reducer: Reducer])[] = [
  ...['pathlib', 'pathlib._local'].flatMap((module) =>
    PATHS.map(([name, separator]) => [module, name, reducePath(separator)] as const),
  ),
  ['ipaddress', 'IPv4Address', reduceAddress],
  ['decimal', 'Decimal', reduceText],
  ['fractions', 'Fraction', reduceFraction],
  ['uuid', 'UUID', reduceUuid],
  ['torch.torch_version', 'TorchVersion', reduceText],
  ['torch.serialization', '_get_layout', reduceText],
  ['packaging.version', 'Version', reduceVersion],
  ['pkg_resources.extern.packaging.version', 'Version', reduceVersion],
];
