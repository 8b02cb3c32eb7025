import type { Shape } from './operator.js';

const MAX_NAME_LENGTH = 120;
const MAX_AXES = 8;

/** A name from a file as it may stand in a message: quoted, control characters escaped, of bounded length. */
export function quoteName(name: string): string {
  return JSON.stringify(name.length > MAX_NAME_LENGTH ? `${name.slice(0, MAX_NAME_LENGTH)}…` : name);
}

/** A shape as a message shows it, `[batch, 14, 8, 8]`. */
export function shapeText(shape: Shape): string {
  const axes = shape.slice(0, MAX_AXES).join(', ');
  return shape.length > MAX_AXES ? `[${axes}, …]` : `[${axes}]`;
}
