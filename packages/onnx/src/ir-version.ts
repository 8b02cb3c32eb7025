import { FORMATS } from '@caissa/formats';

const { min, max } = FORMATS.onnx.options.opset;

/** The last opset of each IR version, in order. */
const LAST_OPSET_OF_IR_VERSION: readonly (readonly [lastOpset: number, irVersion: number])[] = [
  [11, 6],
  [14, 7],
  [18, 8],
  [20, 9],
  [22, 10],
  [23, 11],
  [24, 12],
  [26, 13],
];

/**
 * The IR version that ONNX shipped together with an operator set, so that a runtime old enough to know only that
 * opset opens the file.
 * Source: ONNX docs/Versioning.md, "Released Versions".
 * @throws RangeError if an export cannot have the opset
 */
export function irVersionOf(opset: number): number {
  const row = LAST_OPSET_OF_IR_VERSION.find(([lastOpset]) => opset <= lastOpset);
  if (row === undefined || opset < min || !Number.isInteger(opset)) {
    throw new RangeError(`opset ${opset} is not a whole number from ${min} to ${max}`);
  }
  return row[1];
}
