import { expect, it } from 'vitest';
import { START_FEN } from './game';
import {
  allowsRight,
  EMPTY_FEN,
  hasRight,
  piecesOf,
  turnOf,
  withPiece,
  withPieceMoved,
  withRight,
  withTurn,
} from './placement';

it('finds the pieces of a position', () => {
  const pieces = piecesOf('4k2r/8/8/3pP3/8/8/8/R3K3 b Qk d6 3 9');
  expect(pieces).toEqual({ e8: 'bK', h8: 'bR', d5: 'bP', e5: 'wP', a1: 'wR', e1: 'wK' });
});

it('puts, moves and removes pieces without asking the rules', () => {
  const withKing = withPiece(EMPTY_FEN, 'c3', 'wK');
  expect(withKing).toBe('8/8/8/8/8/2K5/8/8 w - - 0 1');
  expect(withPieceMoved(withKing, 'c3', 'h8')).toBe('7K/8/8/8/8/8/8/8 w - - 0 1');
  expect(withPieceMoved(withKing, 'c3', 'c3')).toBe(withKing);
  expect(withPieceMoved(withKing, 'a1', 'c3')).toBe(withKing);
  expect(withPiece(withKing, 'c3', undefined)).toBe(EMPTY_FEN);
});

it('drops the castling rights of a rook that is gone, and keeps the others', () => {
  expect(withPiece(START_FEN, 'h1', undefined).split(' ')[2]).toBe('Qkq');
  expect(withPieceMoved(START_FEN, 'e8', 'e6').split(' ')[2]).toBe('KQ');
});

it('gives a castling right only where king and rook stand for it', () => {
  const fen = '4k3/8/8/8/8/8/8/4K2R w - - 0 1';
  expect(allowsRight(fen, 'K')).toBe(true);
  expect(allowsRight(fen, 'Q')).toBe(false);
  expect(hasRight(withRight(fen, 'K', true), 'K')).toBe(true);
  expect(withRight(fen, 'Q', true)).toBe(fen);
  expect(withRight(withRight(fen, 'K', true), 'K', false)).toBe(fen);
});

it('changes the side to move, after which no pawn has just passed', () => {
  const fen = withTurn('4k3/8/8/3pP3/8/8/8/4K3 w - d6 0 2', 'b');
  expect(turnOf(fen)).toBe('b');
  expect(fen).toBe('4k3/8/8/3pP3/8/8/8/4K3 b - - 0 1');
});
