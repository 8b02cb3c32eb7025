import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openPosition } from './open-position.js';

const fixture = new URL('../../../tests/fixtures/positions.json', import.meta.url);
const { positions }: { positions: readonly { fen: string }[] } = JSON.parse(readFileSync(fixture, 'utf8'));

describe('openPosition', () => {
  it('takes 400 positions of games as they are', () => {
    for (const { fen } of positions) expect(openPosition(fen).fen).toBe(fen);
  });

  it.each([
    ['without counters', '4k3/8/8/8/8/8/4P3/4K3 w - -', '4k3/8/8/8/8/8/4P3/4K3 w - - 0 1'],
    ['without the number of the move', '4k3/8/8/8/8/8/4P3/4K3 w - - 7', '4k3/8/8/8/8/8/4P3/4K3 w - - 7 1'],
    ['that names a right twice', 'r3k2r/8/8/8/8/8/8/R3K2R w KHQq - 0 1', 'r3k2r/8/8/8/8/8/8/R3K2R w KQq - 0 1'],
    ['with space around it', '  4k3/8/8/8/8/8/4P3/4K3\tw - -\n', '4k3/8/8/8/8/8/4P3/4K3 w - - 0 1'],
    ['of move number 0', '4k3/8/8/8/8/8/4P3/4K3 w - - 7 0', '4k3/8/8/8/8/8/4P3/4K3 w - - 7 1'],
    ['in Shredder-FEN', 'r3k2r/8/8/8/8/8/8/R3K2R w HAha - 0 1', 'r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1'],
    ['of part Shredder-FEN', 'r3k2r/8/8/8/8/8/8/R3K2R w AHk - 0 1', 'r3k2r/8/8/8/8/8/8/R3K2R w KQk - 0 1'],
    ['of every promotion', 'QQQQk3/8/8/8/8/8/QQQQ4/RNBQKBNR b - - 0 1', 'QQQQk3/8/8/8/8/8/QQQQ4/RNBQKBNR b - - 0 1'],
  ])('reads a position %s', (_, text, fen) => {
    expect(openPosition(text).fen).toBe(fen);
    expect(openPosition(text).chess.moves()).toEqual(openPosition(fen).chess.moves());
  });

  it.each([
    ['nonsense', 'it has 1 fields instead of 6'],
    ['4k3/8/8/8/8/8/8/4K3 w - - -1 1', 'the move counter "-1" is no whole number from 0 to 99999'],
    ['4k3/8/8/8/8/8/8/4K3 w - - 0 123456', 'the move counter "123456" is no whole number from 0 to 99999'],
    ['8/8/8/8/8/8/8/8 w - - 0 1', 'White has no king'],
    ['kk6/8/8/8/8/8/8/4K3 w - - 0 1', 'Black has 2 kings'],
    ['P3k3/8/8/8/8/8/8/4K3 w - - 0 1', 'no pawn can stand on a8'],
    ['4k3/8/8/8/8/8/8/4K2p w - - 0 1', 'no pawn can stand on h1'],
    ['4k3/8/8/PPPPPPPP/PPPPPPPP/8/8/4K3 w - - 0 1', 'White has 16 pawns, and a side has at most 8'],
    ['4k3/pppppppp/p7/8/8/8/8/4K3 w - - 0 1', 'Black has 9 pawns'],
    ['4k3/8/8/QQQQQQQQ/QQQQQQQQ/8/8/4K3 w - - 0 1', 'White has 17 pieces, and a side has at most 16'],
    ['4k3/8/8/8/8/QQN5/PPPPPPPP/4K1NN w - - 0 1', 'White has more promoted pieces (2) than missing pawns (0)'],
    ['4k3/8/8/8/8/nnn5/pppppp2/rrrqKq2 w - - 0 1', 'Black has more promoted pieces (3) than missing pawns (2)'],
    ['4k3/8/8/8/8/8/4R3/4K3 w - - 0 1', 'Black is in check, but White is to move'],
    ['3kK3/8/8/8/8/8/8/8 w - - 0 1', 'Black is in check, but White is to move'],
    ['4k3/8/8/8/8/8/8/4K3 w K - 0 1', "the castling right K needs White's king on e1 and a rook on h1"],
    ['4k3/8/8/8/8/8/8/4K3 w H - 0 1', 'the castling right K'],
    ['4k3/8/8/8/8/8/4K3/R6R w Q - 0 1', 'the castling right Q'],
    ['r3k2R/8/8/8/8/8/4K3/8 b k - 0 1', 'the castling right k'],
    ['1r2k1r1/8/8/8/8/8/8/1R2K1R1 w GBgb - 0 1', 'the castling right G is one of Chess960'],
    ['4k3/8/8/3P4/8/8/8/4K3 w - e6 0 1', 'passed e6'],
    ['4k3/8/4n3/3Pp3/8/8/8/4K3 w - e6 0 1', 'passed e6'],
    ['4k3/4b3/8/3Pp3/8/8/8/4K3 w - e6 0 1', 'passed e6'],
    ['4k3/8/8/3PP3/8/8/8/4K3 w - e6 0 1', 'passed e6'],
    ['4k3/8/8/8/3Pp3/8/8/4K3 w - d3 0 1', 'passed d3'],
    ['4k3/8/8/8/3Pp3/8/8/4K3 b - e6 0 1', 'passed e6'],
  ])('refuses %s', (text, words) => {
    expect(() => openPosition(text)).toThrow(expect.objectContaining({ name: 'NotationError', code: 'FEN_INVALID' }));
    expect(() => openPosition(text)).toThrow(words);
  });
});
