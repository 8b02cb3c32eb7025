import { describe, expect, it } from 'vitest';
import { fenOf, gameFrom, isPromotion, play, readMove, START_FEN, targetsOf, undo } from './game';

const PROMOTING = '8/P6k/8/8/8/8/6K1/8 w - - 0 1';

describe('playing', () => {
  it('makes moves and takes the last one back', () => {
    const game = ['e2e4', 'e7e5', 'g1f3'].reduce((before, uci) => play(before, uci) ?? before, gameFrom(START_FEN));
    expect(game.moves.map(({ san }) => san)).toEqual(['e4', 'e5', 'Nf3']);
    expect(fenOf(undo(game))).toBe('rnbqkbnr/pppp1ppp/8/4p3/4P3/8/PPPP1PPP/RNBQKBNR w KQkq - 0 2');
    expect(undo(gameFrom(START_FEN))).toEqual(gameFrom(START_FEN));
  });

  it('refuses what the rules do not allow', () => {
    expect(play(gameFrom(START_FEN), 'e2e5')).toBeUndefined();
    expect(play(gameFrom(START_FEN), 'e2e4q')).toBeUndefined();
    expect(play(gameFrom(PROMOTING), 'a7a8')).toBeUndefined();
    expect(play(gameFrom(PROMOTING), 'a7a8n')?.moves[0]?.san).toBe('a8=N');
  });

  it('knows where a piece can go, and which of it is a promotion', () => {
    expect(targetsOf(START_FEN, 'g1').sort()).toEqual(['f3', 'h3']);
    expect(targetsOf(PROMOTING, 'a7')).toEqual(['a8']);
    expect(isPromotion(PROMOTING, 'a7', 'a8')).toBe(true);
    expect(isPromotion(PROMOTING, 'a7', 'b8')).toBe(false);
    expect(isPromotion(START_FEN, 'e2', 'e4')).toBe(false);
  });
});

describe('a move by name', () => {
  const CASTLING = 'r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1';
  it.each([
    [START_FEN, 'Nf3', 'g1f3'],
    [START_FEN, ' nf3! ', 'g1f3'],
    [START_FEN, 'E2-E4', 'e2e4'],
    [CASTLING, 'O-O', 'e1g1'],
    [CASTLING, '0-0-0', 'e1c1'],
    [CASTLING, 'Rxa8', 'a1a8'],
    [PROMOTING, 'a8=N', 'a7a8n'],
    [PROMOTING, 'a7a8r', 'a7a8r'],
    // A pawn that captures from b is not the bishop.
    ['4k3/8/8/2n5/1P6/8/8/2B1K3 w - - 0 1', 'bxc5', 'b4c5'],
  ])('in %s, %j is %s', (fen, text, uci) => {
    expect(readMove(fen, text)).toEqual({ ok: true, uci });
  });

  it.each([
    [START_FEN, '', /Enter a move/],
    [START_FEN, 'Ke2', /"Ke2" is not a legal move here. One that is: a3\./],
    [START_FEN, 'e2e5', /not a legal move/],
    [PROMOTING, 'a8', /a8=Q/],
    [PROMOTING, 'a7a8', /a7a8q/],
    ['4k3/8/8/8/8/8/4K3/R6R w - - 0 1', 'Rd1', /More than one piece can go there: R.d1 or R.d1/],
    ['7k/5Q2/6K1/8/8/8/8/8 b - - 0 1', 'Kg8', /game is over/],
  ])('in %s, %j is refused in words', (fen, text, problem) => {
    expect(readMove(fen, text)).toMatchObject({ ok: false, problem: expect.stringMatching(problem) });
  });
});
