import { dict, int, join, list, tensor, text, tuple } from '../../../packages/pytorch/test-support/pickle-assembly.js';
import { operation } from '../operation-writer.js';
import type { DangerousName } from './dangerous-names.js';

const COMMAND = 'id > /tmp/caissa-was-run';

/** Operations that name a class or function in one of the ways that pickle has, and have it called. */
type Spelling = (name: DangerousName) => Uint8Array;

const command = tuple(text(COMMAND));
const global = ([module, name]: DangerousName): Uint8Array => operation('GLOBAL', `${module}\n${name}\n`);
const stackGlobal = ([module, name]: DangerousName): Uint8Array =>
  join(operation('SHORT_BINUNICODE', module), operation('SHORT_BINUNICODE', name), operation('STACK_GLOBAL'));
const reduce = operation('REDUCE');
const index = Buffer.of(77);

/** The ways in which a pickle can have something called. Each leaves one value. */
export const SPELLINGS: Readonly<Record<string, Spelling>> = {
  'GLOBAL and REDUCE': (name) => join(global(name), command, reduce),
  'STACK_GLOBAL and REDUCE': (name) => join(stackGlobal(name), command, reduce),
  INST: ([module, name]) => join(operation('MARK'), text(COMMAND), operation('INST', `${module}\n${name}\n`)),
  OBJ: (name) => join(operation('MARK'), global(name), text(COMMAND), operation('OBJ')),
  'NEWOBJ, with a state': (name) =>
    join(global(name), command, operation('NEWOBJ'), dict(text('a'), int(1)), operation('BUILD')),
  NEWOBJ_EX: (name) =>
    join(stackGlobal(name), command, dict(text('shell'), operation('NEWTRUE')), operation('NEWOBJ_EX')),
  'a name with dots': ([module, name]) => {
    const [first = '', ...rest] = module.split('.');
    return join(stackGlobal([first, [...rest, name].join('.')]), command, reduce);
  },
  'names that are remembered': ([module, name]) => {
    const remembered = (value: string, at: number) =>
      join(text(value), operation('BINPUT', Buffer.of(at)), operation('POP'));
    const recalled = (at: number) => operation('BINGET', Buffer.of(at));
    return join(
      remembered(module, 78),
      remembered(name, 79),
      recalled(78),
      recalled(79),
      operation('STACK_GLOBAL'),
      command,
      reduce,
    );
  },
  'a function that is remembered and given to another': (name) =>
    join(
      global(name),
      operation('BINPUT', index),
      operation('POP'),
      operation('GLOBAL', 'functools\npartial\n'),
      tuple(operation('BINGET', index), text(COMMAND)),
      reduce,
    ),
  'the text of protocol 0': ([module, name]) => Buffer.from(`c${module}\n${name}\n(V${COMMAND}\ntR`),
  'a function without a call': (name) => global(name),
  'a state that calls': (name) =>
    join(
      operation('GLOBAL', 'trainer\nConfig\n'),
      operation('EMPTY_TUPLE'),
      operation('NEWOBJ'),
      global(name),
      command,
      reduce,
      operation('BUILD'),
    ),
};

const weights = tensor({ shape: [int(2), int(2)], stride: [int(2), int(1)] });

/** Places of a checkpoint where an attack may stand; each gives the operations of the whole object. */
export const PLACES: Readonly<Record<string, (attack: Uint8Array) => Uint8Array>> = {
  'deep in metadata': (attack) =>
    dict(
      text('model_state_dict'),
      dict(text('w'), weights),
      text('metadata'),
      dict(text('a'), list(tuple(int(1), dict(text('b'), attack)))),
    ),
  'as the whole file': (attack) => attack,
  'as a key': (attack) => dict(text('model_state_dict'), dict(text('w'), weights), attack, int(1)),
  'as a weight': (attack) => dict(text('model_state_dict'), dict(text('w'), weights, text('v'), attack)),
};
