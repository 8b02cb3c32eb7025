/** The size of an axis: known, or that of the batch, which is chosen when the graph runs. */
type Size = number | 'batch';

/** Sizes of a value's axes; `[]` for a single number. */
export type Shape = readonly Size[];

/** Row-major elements: those of a weight as float32, computed ones in double precision unless less is asked for. */
export type Elements = Float64Array | Float32Array;

/** Makes the arrays that values and partial sums are kept in, and so rounds them. */
export type Arithmetic = new (length: number) => Elements;

/** What an operator is evaluated with: a value, or a weight that is still in its file. */
export interface Operand {
  readonly sizes: readonly number[];
  /** All elements. */
  read(): Promise<Elements>;
  /** All elements in pieces, each valid until the next is asked for: a weight need not fit in memory. */
  chunks(): AsyncIterable<Elements>;
}

/** A tuple of something for each input, optional where the input is. */
export type ForEach<Inputs extends readonly unknown[], Something> = { readonly [I in keyof Inputs]: Something };

/**
 * What an operator of PyTorch means. `Inputs` is a tuple labelled with the names that ATen's schema has, `Attributes`
 * the rest of the schema's arguments, as far as networks that are read use them.
 */
export interface OperatorRow<Inputs extends readonly unknown[], Attributes> {
  /** Returns the shape of the result, or undefined if the operator does not take such inputs. */
  shape(inputs: ForEach<Inputs, Shape>, attributes: Attributes): Shape | undefined;
  /** Computes the result, of `sizes` that {@link shape} gave. */
  evaluate(
    inputs: ForEach<Inputs, Operand>,
    attributes: Attributes,
    sizes: readonly number[],
    arithmetic: Arithmetic,
  ): Promise<Elements>;
}

/** Returns whether no axis is the batch. */
export function isFixed(shape: Shape): shape is readonly number[] {
  return !shape.includes('batch');
}

/** Returns whether two shapes are the same. */
export function isSameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

const MAX_AXES = 8;

/** A shape as a message shows it, `[batch, 14, 8, 8]`. */
export function shapeText(shape: Shape): string {
  const axes = shape.slice(0, MAX_AXES).join(', ');
  return shape.length > MAX_AXES ? `[${axes}, …]` : `[${axes}]`;
}
