import { OPERATIONS, type OperationName } from '../opcodes.js';
import { OperationWriter } from '../operation-writer.js';
import { GLOBAL_NAMES, TEXTS } from './global-names.js';
import type { Random } from './random.js';
import { RandomScalar } from './random-scalar.js';

/** Deeper values are scalars. */
const MAX_LEVELS = 6;

/** Makes pickles of values of all kinds in all spellings; here and there an operation stands where it does not belong. */
export class RandomPickle {
  readonly #random: Random;
  readonly #writer = new OperationWriter();
  readonly #scalar: RandomScalar;
  #memoized = 0;
  /** How often an operation stands where it does not belong: in every second pickle never. */
  readonly #strays: number;

  constructor(random: Random) {
    this.#random = random;
    this.#scalar = new RandomScalar(random, this.#writer);
    this.#strays = random.percent(50) ? 0 : 0.02;
  }

  /** A whole pickle: mostly a checkpoint's dictionary with a tensor, and values of any kind beside it. */
  whole(): Buffer {
    const random = this.#random;
    if (random.percent(95)) this.#add('PROTO', Buffer.of(random.percent(99) ? random.below(6) : random.below(256)));
    if (random.percent(80)) this.#checkpoint();
    else this.#value(0);
    this.#add('STOP');
    return this.#writer.take();
  }

  /** Operations that leave one value on the stack. */
  value(level = 0): Buffer {
    this.#value(level);
    return this.#writer.take();
  }

  #value(level: number): void {
    const random = this.#random;
    if (level >= MAX_LEVELS || random.percent(45)) this.#scalarOrGlobal();
    else random.pick(this.#compounds)(level + 1);
    if (random.percent(25)) this.#remember();
    if (random.next() < this.#strays) this.#stray();
  }

  #scalarOrGlobal(): void {
    const random = this.#random;
    if (random.percent(85)) this.#scalar.add();
    else if (random.percent(50)) this.#global();
    else this.#recall();
  }

  #checkpoint(): void {
    this.#add('EMPTY_DICT');
    this.#add('MARK');
    this.#text('w');
    this.#tensor();
    for (const key of ['metadata', this.#random.pick(TEXTS), 'architecture']) {
      this.#text(key);
      this.#value(1);
    }
    this.#add('SETITEMS');
  }

  readonly #compounds: readonly ((level: number) => void)[] = [
    (level) => this.#marked('LIST', level),
    (level) => this.#marked('TUPLE', level),
    (level) => this.#marked('FROZENSET', level),
    (level) => this.#filled('EMPTY_LIST', 'APPENDS', level),
    (level) => this.#dict(level),
    (level) => this.#dict(level),
    (level) => this.#filled('EMPTY_SET', 'ADDITEMS', level),
    (level) => this.#followed('EMPTY_LIST', 1, 'APPEND', level),
    (level) => this.#followed(undefined, 1, 'TUPLE1', level),
    (level) => this.#followed(undefined, 2, 'TUPLE2', level),
    (level) => this.#followed(undefined, 3, 'TUPLE3', level),
    () => this.#itself(),
    (level) => this.#call(level),
    (level) => this.#call(level),
    (level) => this.#object(level),
    (level) => this.#object(level),
    () => this.#tensor(),
    () => this.#storage(),
  ];

  #add(name: OperationName, argument?: Uint8Array | string): void {
    this.#writer.add(name, argument);
  }

  #text(value: string): void {
    this.#add('BINUNICODE', value);
  }

  #values(level: number, multiple = 1): void {
    for (let left = this.#random.few() * multiple; left > 0; left--) this.#value(level);
  }

  #marked(name: OperationName, level: number, multiple = 1): void {
    this.#add('MARK');
    this.#values(level, multiple);
    this.#add(name);
  }

  #filled(empty: OperationName, fill: OperationName, level: number, multiple = 1): void {
    this.#add(empty);
    this.#marked(fill, level, multiple);
  }

  #followed(first: OperationName | undefined, count: number, last: OperationName, level: number): void {
    if (first !== undefined) this.#add(first);
    for (let left = count; left > 0; left--) this.#value(level);
    this.#add(last);
  }

  #dict(level: number): void {
    const isWhole = this.#random.percent(50);
    if (!isWhole) this.#add('EMPTY_DICT');
    this.#add('MARK');
    for (let left = this.#random.few(); left > 0; left--) {
      // Nearly always what Python takes as a key.
      if (this.#random.percent(95)) this.#scalar.addKey();
      else this.#value(level);
      this.#value(level);
    }
    this.#add(isWhole ? 'DICT' : 'SETITEMS');
  }

  /** A container that contains itself. */
  #itself(): void {
    const index = Buffer.of(Math.min(255, this.#memoized++));
    const isList = this.#random.percent(50);
    this.#add(isList ? 'EMPTY_LIST' : 'EMPTY_DICT');
    this.#add('BINPUT', index);
    if (!isList) this.#scalar.addKey();
    this.#add('BINGET', index);
    this.#add(isList ? 'APPEND' : 'SETITEM');
  }

  #call(level: number): void {
    this.#global();
    if (this.#random.percent(97)) this.#marked('TUPLE', level);
    else this.#value(level);
    this.#add('REDUCE');
    this.#state(level);
  }

  #object(level: number): void {
    const random = this.#random;
    const name = random.pick(['NEWOBJ', 'NEWOBJ_EX', 'OBJ', 'INST'] as const);
    if (name === 'OBJ' || name === 'INST') this.#add('MARK');
    if (name !== 'INST') this.#global();
    if (name === 'OBJ' || name === 'INST') this.#values(level);
    else this.#marked('TUPLE', level);
    if (name === 'NEWOBJ_EX') this.#dict(level);
    this.#add(name, name === 'INST' ? `${random.pick(GLOBAL_NAMES).join('\n')}\n` : '');
    this.#state(level);
  }

  /** What may follow a new object: its items and its state. */
  #state(level: number): void {
    const random = this.#random;
    if (random.percent(20)) this.#marked(random.pick(['SETITEMS', 'APPENDS', 'ADDITEMS']), level, 2);
    if (random.percent(50)) this.#followed(undefined, 1, 'BUILD', level);
  }

  #global(): void {
    const random = this.#random;
    const [module, name] = random.pick(GLOBAL_NAMES);
    if (random.next() < this.#strays) this.#add('EXT1', random.bytes(1));
    else if (random.percent(70)) this.#add('GLOBAL', `${module}\n${name}\n`);
    else {
      this.#text(module);
      this.#text(name);
      this.#add('STACK_GLOBAL');
    }
  }

  #storage(): void {
    const random = this.#random;
    this.#add('MARK');
    this.#text('storage');
    if (random.percent(98)) this.#add('GLOBAL', 'torch\nFloatStorage\n');
    else this.#global();
    this.#text(random.percent(98) ? '0' : random.pick(TEXTS));
    this.#text('cpu');
    if (random.percent(98)) this.#add('BININT1', Buffer.of(4));
    else this.#scalar.add();
    this.#add('TUPLE');
    this.#add('BINPERSID');
  }

  #tensor(): void {
    const random = this.#random;
    const name = random.pick(['_rebuild_tensor_v2', '_rebuild_tensor_v2', '_rebuild_tensor']);
    this.#add('GLOBAL', `torch._utils\n${name}\n`);
    this.#add('MARK');
    this.#storage();
    this.#small();
    const axes = random.few();
    for (const _ of ['shape', 'stride']) {
      this.#add('MARK');
      for (let left = random.percent(98) ? axes : random.few(); left > 0; left--) this.#small();
      this.#add('TUPLE');
    }
    if (name !== '_rebuild_tensor') {
      this.#add('NEWFALSE');
      this.#value(MAX_LEVELS);
    }
    this.#add('TUPLE');
    this.#add('REDUCE');
  }

  #small(): void {
    if (this.#random.percent(99)) this.#add('BININT1', Buffer.of(this.#random.below(2)));
    else this.#scalar.add();
  }

  #recall(): void {
    const random = this.#random;
    if (this.#memoized === 0) {
      this.#scalar.add();
      return;
    }
    const isKnown = random.next() >= this.#strays;
    const index = isKnown ? random.below(Math.min(256, this.#memoized)) : random.bits(32);
    if (index < 256 && random.percent(80)) this.#add('BINGET', Buffer.of(index));
    else this.#add('GET', `${index}\n`);
  }

  #remember(): void {
    this.#memoized++;
    if (this.#random.percent(60)) this.#add('MEMOIZE');
    else this.#add('BINPUT', Buffer.of(Math.min(255, this.#memoized - 1)));
  }

  /** Any operation, with an argument that may be anything. */
  #stray(): void {
    const random = this.#random;
    const [name, , argument] = random.pick(OPERATIONS);
    if (argument.kind === 'fixed') this.#add(name, random.bytes(argument.size));
    else if (argument.kind === 'lines') this.#add(name, `${random.pick(TEXTS)}\n`.repeat(argument.count));
    else this.#add(name, argument.kind === 'counted' ? random.bytes(random.below(9)) : '');
  }
}
