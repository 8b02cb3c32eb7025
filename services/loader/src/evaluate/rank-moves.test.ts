import { expect, test } from 'vitest';
import type { LegalMove } from './legal-moves.js';
import { rankMoves } from './rank-moves.js';

const move = (uci: string, index: number): LegalMove => ({ uci, san: uci, index });

function policyWith(entries: Record<number, number>, rest = -1): Float32Array {
  const policy = new Float32Array(4096).fill(rest);
  for (const [index, value] of Object.entries(entries)) policy[Number(index)] = value;
  return policy;
}

test('shares are those of the legal moves among themselves, the largest first', () => {
  const policy = policyWith({ 1: Math.log(0.01), 2: Math.log(0.03), 3: Math.log(0.9) });
  const ranked = rankMoves(policy, [move('a', 1), move('b', 2)]);
  expect(ranked.map(({ uci }) => uci)).toEqual(['b', 'a']);
  expect(ranked[0]?.probability).toBeCloseTo(0.75, 6);
  expect(ranked[1]?.probability).toBeCloseTo(0.25, 6);
});

test('each promotion counts with the entry of its squares, that to a queen listed first', () => {
  const promotions = ['r', 'n', 'q', 'b'].map((piece) => move(`a7a8${piece}`, 9));
  const ranked = rankMoves(policyWith({ 9: Math.log(0.1), 5: Math.log(0.6) }), [...promotions, move('a1a2', 5)]);
  expect(ranked.map(({ uci }) => uci)).toEqual(['a1a2', 'a7a8q', 'a7a8r', 'a7a8b', 'a7a8n']);
  expect(ranked.map(({ probability }) => Number(probability.toFixed(6)))).toEqual([0.6, 0.1, 0.1, 0.1, 0.1]);
});

test('moves that the network thinks impossible still have shares that sum up to 1', () => {
  const ranked = rankMoves(policyWith({ 1: -900, 2: -901 }), [move('a', 1), move('b', 2)]);
  expect(ranked.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 12);
  expect(ranked[0]?.probability).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
});

test('without moves there is nothing, and without numbers an error', () => {
  expect(rankMoves(policyWith({}), [])).toEqual([]);
  expect(() => rankMoves(policyWith({ 1: Number.NaN }), [move('a', 1)])).toThrow(
    expect.objectContaining({ code: 'SESSION_FAILED' }),
  );
  expect(() => rankMoves(new Float32Array(4096).fill(Number.NEGATIVE_INFINITY), [move('a', 1)])).toThrow('finite');
});
