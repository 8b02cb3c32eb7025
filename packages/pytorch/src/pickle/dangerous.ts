import { isGadget } from './gadgets.js';
import { isHarmless } from './harmless-names.js';
import { isStandardModule } from './standard-modules.js';

/**
 * Whether a name only serves an attack: it stands for something of the standard library that is not on the list of what
 * can do no harm, for a known gadget elsewhere, or for either by way of another module (`torch.serialization`,
 * `os.system`).
 */
export function isDangerous(module: string, name: string): boolean {
  const [top = ''] = module.split('.', 1);
  const attributes = name.split('.');
  const path = `${module}.${name}`;
  if (isGadget(path) || leadsToMachinery(path)) return true;
  if (attributes.some(isSpecialName) || passesThroughModule(attributes)) return true;
  if (!isStandardModule(top)) return false;
  const [first = ''] = attributes;
  // Paths are data, but their methods read and write files.
  if (top === 'pathlib' && attributes.length > 1) return true;
  return isStandardModule(first) ? !isHarmless(module, name) : !isHarmless(module, first);
}

/** Names by which Python lets everything be reached from anything: `__globals__`, `__class__`, `__import__`. */
export function isSpecialName(name: string): boolean {
  return name.startsWith('__') && name.endsWith('__');
}

/** Modules that reach everything, which others have imported or give again: `six.moves.builtins`, `records.os`. */
const MACHINERY: ReadonlySet<string> = new Set([
  'builtins',
  '__builtin__',
  'ctypes',
  'importlib',
  'nt',
  'os',
  'pickle',
  'posix',
  'subprocess',
  'sys',
]);

function leadsToMachinery(path: string): boolean {
  const [, ...later] = path.split('.');
  return later.some((part) => MACHINERY.has(part));
}

/** Whether attributes of a module that another has imported are asked for: `os.system` of whatever imports `os`. */
function passesThroughModule(attributes: readonly string[]): boolean {
  return attributes
    .slice(0, -1)
    .some((name, index) => isStandardModule(name) || isGadget(attributes.slice(index).join('.')));
}
