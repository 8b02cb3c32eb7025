import { expect, it } from 'vitest';
import { arrowsOf, middleOf, outlineOf } from './arrows';

const move = (uci: string, probability: number) => ({ uci, san: uci, probability, differs: false });

it('finds the middle of a square from either side', () => {
  expect(middleOf('a1', 'white')).toEqual({ x: 0.5, y: 7.5 });
  expect(middleOf('a1', 'black')).toEqual({ x: 7.5, y: 0.5 });
  expect(middleOf('h8', 'white')).toEqual({ x: 7.5, y: 0.5 });
});

it('draws short arrows over long ones, and the promotions of a pawn once', () => {
  const arrows = arrowsOf([move('a7a8q', 0.64), move('e2e4', 0.36), move('e2e3', 0.25), move('a7a8r', 0)], []);
  expect(arrows.map(({ uci, weight }) => [uci, weight])).toEqual([
    ['e2e4', 0.6],
    ['e2e3', 0.5],
    ['a7a8q', 0.8],
  ]);
});

it('lets the arrows of two models run beside each other only where they are the same', () => {
  const arrows = arrowsOf([move('e2e4', 0.5), move('d2d4', 0.4)], [move('e2e4', 0.3)]);
  const shifts = Object.fromEntries(arrows.map(({ uci, series, shift }) => [`${series} ${uci}`, Math.sign(shift)]));
  expect(shifts).toEqual({ '1 e2e4': -1, '2 e2e4': 1, '1 d2d4': 0 });
});

it('ends an arrow in the middle of its square', () => {
  const outline = outlineOf({ uci: 'e2e4', series: 1, weight: 1, shift: 0 }, 'white');
  const tip = outline.split(' ')[3]?.split(',').map(Number) ?? [];
  expect(tip[0]).toBeCloseTo(4.5);
  expect(tip[1]).toBeCloseTo(4.54);
});
