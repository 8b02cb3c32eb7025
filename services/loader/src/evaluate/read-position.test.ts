import { encodePosition, NotationError } from '@caissa/chess';
import { expect, test } from 'vitest';
import { readPosition } from './read-position.js';

const START = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1';

test.each([
  ['normal', START, 20],
  ['normal', '4k3/8/8/8/8/8/4P3/4K3 w - -', 6],
  ['normal', '  4k3/8/8/8/8/8/4P3/4K3  w - -  ', 6],
  ['check', '4k3/8/8/8/8/8/8/r3K3 w - - 0 1', 3],
  ['checkmate', 'rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3', 0],
  ['checkmate', 'R5k1/5ppp/8/8/8/8/8/6K1 b - - 99 80', 0],
  ['stalemate', '7k/5Q2/6K1/8/8/8/8/8 b - - 0 1', 0],
  ['draw', '8/8/8/4k3/8/8/8/4K3 w - - 0 1', 5],
  ['draw', '8/8/8/4k3/8/8/4B3/4K3 w - - 0 1', 13],
  ['draw', '4k3/8/8/8/8/8/R7/4K3 w - - 100 90', 19],
])('%s: %s', (state, fen, moves) => {
  const read = readPosition(fen);
  expect([read.state, read.moves.length]).toEqual([state, moves]);
  expect(read.board).toEqual(encodePosition(fen));
});

test('en passant and castling are moves while the text says so', () => {
  const uciOf = (fen: string) => readPosition(fen).moves.map(({ uci }) => uci);
  expect(uciOf('4k3/8/8/2PpP3/8/8/8/4K3 w - d6 0 2')).toEqual(expect.arrayContaining(['c5d6', 'e5d6']));
  expect(uciOf('4k3/8/8/2PpP3/8/8/8/4K3 w - - 0 2')).not.toEqual(expect.arrayContaining(['c5d6']));
  expect(uciOf('4k3/8/8/8/2pPp3/8/8/4K3 b - d3 0 2')).toEqual(expect.arrayContaining(['c4d3', 'e4d3']));
  expect(uciOf('r3k2r/8/8/8/8/8/8/R3K2R w Kq - 0 1').filter((uci) => /^e1[cg]1$/.test(uci))).toEqual(['e1g1']);
  expect(uciOf('r3k2r/8/8/8/8/8/8/R3K2R b Kq - 0 1').filter((uci) => /^e8[cg]8$/.test(uci))).toEqual(['e8c8']);
});

test('refuses a position that cannot be', () => {
  expect(() => readPosition('8/8/8/8/8/8/8/8 w - - 0 1')).toThrow(NotationError);
});
