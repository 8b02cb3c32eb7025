import { describe, expect, it } from 'vitest';
import { EXAMPLES } from './examples';
import { START_FEN } from './game';
import { describePosition, readFen } from './position';

describe('reading a FEN', () => {
  it('takes one without counters and with space around it', () => {
    expect(readFen('  8/8/4k3/8/8/4K3/4P3/8  w - -\n')).toEqual({ ok: true, fen: '8/8/4k3/8/8/4K3/4P3/8 w - - 0 1' });
  });

  it('takes castling rights by the files of the rooks, and move number 0', () => {
    const board = 'rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w';
    expect(readFen(`${board} HAha - 0 0`)).toEqual({ ok: true, fen: START_FEN });
  });

  it.each([
    ['', /Enter a position/],
    ['nonsense', /not valid FEN/],
    ['4k3/8/8/PPPPPPPP/PPPPPPPP/8/8/4K3 w - - 0 1', /White has 16 pawns/],
    ['8/8/8/8/8/8/8/8 w - - 0 1', /king/],
    ['4k3/8/8/8/8/8/8/4K2R w Kq - 0 1', /castling right q/],
    ['4k3/4R3/8/8/8/8/8/4K3 w - - 0 1', /Black is in check, but White is to move/],
    ['P3k3/8/8/8/8/8/8/4K3 w - - 0 1', /pawn/],
  ])('says why %j is none', (text, problem) => {
    expect(readFen(text)).toMatchObject({ ok: false, problem: expect.stringMatching(problem) });
  });
});

describe('the state of a position in words', () => {
  it.each([
    ['normal', START_FEN, 'White to move.', undefined],
    ['check', 'rnbqkbnr/ppp2ppp/8/1B1pp3/4P3/8/PPPP1PPP/RNBQK1NR b KQkq - 1 3', 'Black is in check and to move.', 'e8'],
    ['over', '4R1k1/5ppp/8/8/8/8/5PPP/6K1 b - - 1 1', 'Checkmate. White has won.', 'g8'],
    ['over', '7k/5Q2/6K1/8/8/8/8/8 b - - 0 1', /^Stalemate\. Black has no move/, undefined],
    ['over', '8/8/4k3/8/8/4K3/8/8 w - - 0 1', /^Draw\. Neither side/, undefined],
    ['over', '8/8/4k3/8/8/4K3/4P3/8 w - - 100 90', /^Draw\. Fifty moves/, undefined],
  ])('tells %s of %s', (kind, fen, sentence, checked) => {
    const words = describePosition(fen);
    expect(words).toMatchObject({ kind, checked });
    expect(words.sentence).toMatch(sentence);
  });
});

it('has examples that are positions, each another one', () => {
  for (const { fen } of EXAMPLES) expect(readFen(fen)).toEqual({ ok: true, fen });
  expect(new Set(EXAMPLES.map(({ fen }) => fen)).size).toBe(EXAMPLES.length);
});
