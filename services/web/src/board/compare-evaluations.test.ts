import type { Evaluation } from '@caissa/shared/contracts';
import { expect, it } from 'vitest';
import { agreementOf, formatValue, rankedMoves } from './compare-evaluations';

function evaluation(value: number, shares: Readonly<Record<string, number>>): Evaluation {
  const moves = Object.entries(shares).map(([uci, probability]) => ({ uci, san: uci, probability }));
  return { fen: 'x', state: 'normal', value, moves, legal_moves: moves.length, model_name: 'm', generation: 1 };
}

const first = evaluation(0.25, { a2a3: 0.5, b2b3: 0.3, c2c3: 0.2 });
const second = evaluation(-0.5, { b2b3: 0.6, a2a3: 0.3, c2c3: 0.1 });

it('lists the best moves and marks those that the other model does not have among its best', () => {
  expect(rankedMoves(first, second, 1)).toEqual([{ uci: 'a2a3', san: 'a2a3', probability: 0.5, differs: true }]);
  expect(rankedMoves(first, second, 2).map(({ differs }) => differs)).toEqual([false, false]);
  expect(rankedMoves(first, undefined, 10).map(({ differs }) => differs)).toEqual([false, false, false]);
});

it('tells how far two models agree', () => {
  const agreement = agreementOf(first, second, 2);
  expect(agreement).toMatchObject({ sameBest: false, shared: 2, valueGap: 0.75 });
  expect(agreement.overlap).toBeCloseTo(0.7);
  expect(agreementOf(first, first, 3)).toMatchObject({ sameBest: true, shared: 3, valueGap: 0, overlap: 1 });
});

it('agrees about a position without moves', () => {
  const over = evaluation(1, {});
  expect(agreementOf(over, over, 5)).toEqual({ sameBest: true, shared: 0, valueGap: 0, overlap: 0 });
});

it('writes values with their sign', () => {
  expect([0.123, -0.4, 0, -0.001, 1].map(formatValue)).toEqual(['+0.12', '−0.40', '0.00', '0.00', '+1.00']);
});
