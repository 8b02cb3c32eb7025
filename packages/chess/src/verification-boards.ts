import { SQUARES } from './architecture.js';
import { NETWORK_INTERFACE } from './check-architecture.js';
import { encodePosition } from './encode-position.js';
import { seededRandom } from './seeded-random.js';
import { VERIFICATION_POSITIONS } from './verification-positions.js';

/** Somewhat more than positions have, so that every nonlinearity sees numbers on both sides of zero. */
const LARGEST = 1.5;

/**
 * Returns an input `[14, 8, 8]` without a zero, always the same: numbers from −1.5 to 1.5 that look random. What is
 * computed from it depends on nearly every weight of a network and tells every plane and square from every other;
 * positions, with thirty pieces on the board, do neither.
 */
function denseBoard(): Float32Array {
  const random = seededRandom(1);
  return Float32Array.from({ length: NETWORK_INTERFACE.planes * SQUARES }, () => LARGEST * (2 * random() - 1));
}

/** Returns the inputs `[14, 8, 8]` on which a network is compared with another computation: the dense one, then positions. */
export function verificationBoards(): Float32Array[] {
  return [denseBoard(), ...VERIFICATION_POSITIONS.map(encodePosition)];
}
