import { readFileSync } from 'node:fs';
import { Chess } from 'chess.js';
import { describe, expect, test } from 'vitest';
import { legalMoves } from './legal-moves.js';
import { readPosition } from './read-position.js';

interface KnownPosition {
  readonly fen: string;
  readonly moves: readonly (readonly [uci: string, index: number])[];
  readonly state: string;
}

const fixture = new URL('../../../../tests/fixtures/positions.json', import.meta.url);
const { positions }: { positions: readonly KnownPosition[] } = JSON.parse(readFileSync(fixture, 'utf8'));

test('the legal moves of 400 known positions have their known indices, and the positions their states', () => {
  expect(positions).toHaveLength(400);
  for (const { fen, moves, state } of positions) {
    const read = readPosition(fen);
    const found = read.moves.map(({ uci, index }) => [uci, index] as const);
    const byName = (a: readonly [string, number], b: readonly [string, number]) => (a[0] < b[0] ? -1 : 1);
    expect(found.sort(byName), fen).toEqual([...moves].sort(byName));
    expect(read.state, fen).toBe(state);
  }
});

describe('names and squares agree with those that chess.js gives together:', () => {
  test.each<readonly [what: string, fen: string]>([
    ['promotions, also by capture', '1n1n3k/P1P5/8/8/8/8/8/K7 w - - 0 1'],
    ['promotions of Black', '7k/8/8/8/8/8/p1p5/1N1N3K b - - 0 1'],
    ['castling to both sides', 'r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1'],
    ['castling of Black with check', '4k2r/8/8/8/8/8/8/5K2 b k - 0 1'],
    ['en passant from two squares', '4k3/8/8/2PpP3/8/8/8/4K3 w - d6 0 2'],
    ['knights that share a file and others a rank', '4k3/8/8/1N3N2/8/1N6/8/4K3 w - - 0 1'],
    ['three queens of which two names are needed', 'k7/8/8/4Q2Q/8/8/8/1K5Q w - - 0 1'],
    ['rooks that share a file', '4k3/8/R7/8/8/8/R7/4K3 w - - 0 1'],
    ['a pinned knight, so that the other needs no more name', '4k3/8/8/8/1b6/2N5/8/4K1N1 w - - 0 1'],
    ['mate in one', '6k1/5ppp/8/8/8/8/8/R5K1 w - - 0 1'],
    ['218 moves', 'R6R/3Q4/1Q4Q1/4Q3/2Q4Q/Q4Q2/pp1Q4/kBNN1KB1 w - - 0 1'],
    ...positions.filter((_, i) => i % 40 === 0).map(({ fen }) => ['a known position', fen] as const),
  ])('%s', (_, fen) => {
    const chess = new Chess(fen);
    const expected = chess.moves({ verbose: true }).map(({ lan, san }) => ({ uci: lan, san }));
    const found = legalMoves(new Chess(fen)).map(({ uci, san }) => ({ uci, san }));
    const byName = (a: { uci: string }, b: { uci: string }) => (a.uci < b.uci ? -1 : 1);
    expect(found.sort(byName)).toEqual(expected.sort(byName));
  });
});

test('promotions to each piece have the place of their squares in the policy', () => {
  const moves = legalMoves(new Chess('7k/P7/8/8/8/8/8/K7 w - - 0 1')).filter(({ uci }) => uci.startsWith('a7a8'));
  expect(moves.map(({ uci, san }) => [uci, san]).sort()).toEqual([
    ['a7a8b', 'a8=B'],
    ['a7a8n', 'a8=N'],
    ['a7a8q', 'a8=Q+'],
    ['a7a8r', 'a8=R+'],
  ]);
  expect(new Set(moves.map(({ index }) => index))).toEqual(new Set([48 * 64 + 56]));
});
