import { quoteName } from '@caissa/bytes';
import { SQUARES } from './architecture.js';
import { NotationError } from './fen.js';

const UCI_MOVE = /^([a-h])([1-8])([a-h])([1-8])[nbrq]?$/;

/**
 * Index in the policy, 0 to 4095, of a move in UCI notation such as `e2e4` or `e7e8q`: from·64 + to, squares counted
 * from a1 = 0, b1 = 1 … h8 = 63. All promotions on the same squares share one index.
 * @throws NotationError MOVE_INVALID
 */
export function moveIndex(uci: string): number {
  const [, fromFile, fromRank, toFile, toRank] = UCI_MOVE.exec(uci) ?? [];
  if (fromFile === undefined || fromRank === undefined || toFile === undefined || toRank === undefined) {
    throw new NotationError('MOVE_INVALID', `The move ${quoteName(uci)} is not two squares such as e2e4.`);
  }
  return squareIndex(fromFile, fromRank) * SQUARES + squareIndex(toFile, toRank);
}

function squareIndex(file: string, rank: string): number {
  return (Number(rank) - 1) * 8 + 'abcdefgh'.indexOf(file);
}
