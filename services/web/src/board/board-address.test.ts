import { expect, it } from 'vitest';
import { parseRoute, routeHref } from '../state/route';
import { type BoardView, readAddress, writeAddress } from './board-address';
import { fenOf, gameFrom, play, START_FEN } from './game';

const through = (view: BoardView) => readAddress(parseRoute(routeHref('board', writeAddress(view))).params);

it('shows the beginning of a game when the address says nothing', () => {
  const { view, problem } = readAddress(new URLSearchParams());
  expect(view).toEqual({ game: gameFrom(START_FEN), compare: undefined, top: 5, orientation: 'white' });
  expect(problem).toBeUndefined();
});

it('keeps everything in the address, the moves that were made as well', () => {
  const start = '8/P6k/8/8/8/8/6K1/8 w - - 0 1';
  const game = ['a7a8q', 'h7h6'].reduce((before, uci) => play(before, uci) ?? before, gameFrom(start));
  const view: BoardView = { game, compare: 'model_v1', top: 10, orientation: 'black' };
  expect(through(view)).toEqual({ view, problem: undefined });
});

it('takes the position alone when the moves do not lead to it', () => {
  const fen = '4k3/8/8/8/8/8/8/4K2R w K - 0 1';
  for (const moves of ['e2e4', 'e2e5', '.']) {
    expect(readAddress(new URLSearchParams({ fen, moves })).view.game).toEqual(gameFrom(fen));
  }
});

it('says what is wrong with a position and shows the usual one', () => {
  const { view, problem } = readAddress(new URLSearchParams({ fen: '8/8/8/8/8/8/8/8 w - - 0 1', top: '7' }));
  expect(fenOf(view.game)).toBe(START_FEN);
  expect(view.top).toBe(5);
  expect(problem).toMatch(/king/);
});
