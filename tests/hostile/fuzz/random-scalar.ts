import type { OperationWriter } from '../operation-writer.js';
import { TEXTS } from './global-names.js';
import type { Random } from './random.js';

const CONSTANTS = ['NONE', 'NEWTRUE', 'NEWFALSE', 'EMPTY_LIST', 'EMPTY_DICT', 'EMPTY_TUPLE', 'EMPTY_SET'] as const;
const INTEGERS = ['0', '00', '01', '-5', '99999999999999999999'];
const FLOATS = ['1.5', 'nan', '-inf', '1e999'];
const ESCAPED = ['plain', '\\u00e9', '\\ud800', '\\U0010ffff'];
const QUOTED = ["'a'", '"b\\n"', "'\\x00\\377'"];
const SURROGATE = Buffer.from('eda080', 'hex');
const HALF = Buffer.from('3fe0000000000000', 'hex');

/** Writes values without parts, each in one of its spellings. */
export class RandomScalar {
  readonly #random: Random;
  readonly #writer: OperationWriter;

  constructor(random: Random, writer: OperationWriter) {
    [this.#random, this.#writer] = [random, writer];
  }

  add(): void {
    this.#random.pick(this.#spellings)();
  }

  /** One that may be a key. */
  addKey(): void {
    const random = this.#random;
    if (random.percent(60)) this.#writer.add('BINUNICODE', random.pick(TEXTS));
    else if (random.percent(50)) this.#writer.add('BININT1', random.bytes(1));
    else this.#writer.add(random.pick(['NONE', 'NEWTRUE', 'NEWFALSE', 'EMPTY_TUPLE'] as const));
  }

  readonly #spellings: readonly (() => void)[] = [
    () => this.#writer.add(this.#random.pick(CONSTANTS)),
    () => this.#writer.add('BININT1', this.#random.bytes(1)),
    () => this.#writer.add('BININT2', this.#random.bytes(2)),
    () => this.#writer.add('BININT', this.#random.bytes(4)),
    () => this.#writer.add('LONG1', this.#some(20)),
    () => this.#writer.add('LONG4', this.#some(20)),
    () => this.#writer.add('INT', `${this.#textOr(INTEGERS)}\n`),
    () => this.#writer.add('LONG', `${this.#random.bits(32)}${this.#random.pick(['L', ''])}\n`),
    () => this.#writer.add('FLOAT', `${this.#textOr(FLOATS)}\n`),
    () => this.#writer.add('BINFLOAT', this.#random.percent(50) ? this.#random.bytes(8) : HALF),
    () => this.#writer.add('UNICODE', `${this.#textOr(ESCAPED)}\n`),
    () => this.#writer.add('STRING', `${this.#textOr(QUOTED)}\n`),
    () => this.#writer.add('BINUNICODE', this.#random.pick(TEXTS)),
    () => this.#writer.add('BINUNICODE', this.#random.pick(TEXTS)),
    () => this.#writer.add('BINUNICODE8', this.#random.pick(TEXTS)),
    () => this.#writer.add('SHORT_BINUNICODE', this.#random.percent(80) ? 'short' : SURROGATE),
    () => this.#writer.add('SHORT_BINSTRING', this.#some(9)),
    () => this.#writer.add('BINSTRING', this.#some(9)),
    () => this.#writer.add('BINBYTES', this.#some(30)),
    () => this.#writer.add('SHORT_BINBYTES', this.#some(30)),
    () => this.#writer.add('BINBYTES8', this.#some(30)),
    () => this.#writer.add('BYTEARRAY8', this.#some(30)),
  ];

  #some(bound: number): Buffer {
    return this.#random.bytes(this.#random.below(bound));
  }

  /** One of the texts, or one that is not meant for the place; a line ends before a newline. */
  #textOr(texts: readonly string[]): string {
    return this.#random.pick(this.#random.percent(98) ? texts : TEXTS);
  }
}
