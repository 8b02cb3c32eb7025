import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { encodePosition, encodePositions } from './encode-position.js';
import { moveIndex } from './move-index.js';
import { VERIFICATION_POSITIONS } from './verification-positions.js';

interface KnownPosition {
  readonly fen: string;
  /** `[plane, rank, file]` of every 1 in planes 0 to 11. */
  readonly pieces: readonly (readonly [number, number, number])[];
  readonly turn: number;
  readonly castling: number;
  readonly moves: readonly (readonly [uci: string, index: number])[];
}

const fixture = new URL('../../../tests/fixtures/positions.json', import.meta.url);
const { positions }: { positions: readonly KnownPosition[] } = JSON.parse(readFileSync(fixture, 'utf8'));

function expectedPlanes({ pieces, turn, castling }: KnownPosition): Float32Array {
  const planes = new Float32Array(14 * 64).fill(turn, 12 * 64, 13 * 64).fill(castling, 13 * 64);
  for (const [plane, rank, file] of pieces) planes[plane * 64 + rank * 8 + file] = 1;
  return planes;
}

function bytesOf(planes: Float32Array): Buffer {
  return Buffer.from(planes.buffer, planes.byteOffset, planes.byteLength);
}

describe('encodePosition', () => {
  it('gives the planes of 400 known positions', () => {
    expect(positions.length).toBe(400);
    for (const position of positions) {
      expect(bytesOf(encodePosition(position.fen)).equals(bytesOf(expectedPlanes(position))), position.fen).toBe(true);
    }
  });

  it('takes a position without move counters, and spaces around it', () => {
    const full = encodePosition('4k3/8/8/8/8/8/4P3/4K3 w - - 5 39');
    expect(encodePosition(' 4k3/8/8/8/8/8/4P3/4K3 w - -  ')).toEqual(full);
  });

  it.each([
    ['of Shredder-FEN', 'HAha', 1],
    ['of two kinds', 'Kha', 0.75],
    ['of Chess960', 'GBgb', 1],
    ["of a queen's side before a king's", 'QK', 0.5],
    ['of Black alone', 'h', 0.25],
  ])('counts castling rights %s', (_, rights, plane) => {
    expect(encodePosition(`r3k2r/8/8/8/8/8/8/R3K2R w ${rights} - 0 0`)[13 * 64]).toBe(plane);
  });

  it.each([
    ['', 'fields'],
    ['x'.repeat(1_000_000), 'fields'],
    ['8/8/8/8/8/8/8/8 w -', 'fields'],
    ['8/8/8/8/8/8/8/8 w - - 0 1 1', 'fields'],
    ['8/8/8/8/8/8/8 w - - 0 1', '7 ranks'],
    ['8/8/8/8/8/8/8/8/8 w - - 0 1', '9 ranks'],
    ['8/8/8/8/8/8/8/7 w - - 0 1', 'rank 1'],
    ['9/8/8/8/8/8/8/8 w - - 0 1', 'rank 8'],
    ['8/8/8/8/pppp5/8/8/8 w - - 0 1', 'rank 4'],
    ['8/8/8/8/8/8/x7/8 w - - 0 1', 'rank 2'],
    ['8/8/8/8/8/8/08/8 w - - 0 1', 'rank 2'],
    [`${'8'.repeat(100_000)}/8/8/8/8/8/8/8 w - - 0 1`, 'rank 8'],
    ['8/8/8/8/8/8/8/8 W - - 0 1', 'side to move'],
    ['8/8/8/8/8/8/8/8 w KK - 0 1', 'castling'],
    [`8/8/8/8/8/8/8/8 w ${'K'.repeat(1_000_000)} - 0 1`, 'castling'],
    ['8/8/8/8/8/8/8/8 w I - 0 1', 'castling'],
    ['8/8/8/8/8/8/44/8 w - - 0 1', 'two numbers in a row'],
    ['8/8/8/8/8/8/8/8 w qK - 0 1', 'castling'],
    ['8/8/8/8/8/8/8/8 w -K - 0 1', 'castling'],
    ['8/8/8/8/8/8/8/8 w - e4 0 1', 'en passant'],
    ['8/8/8/8/8/8/8/8 w - - x 1', 'counter'],
    ['8/8/8/8/8/8/8/8 w - - 0 -1', 'counter'],
  ])('refuses %.40j', (fen, words) => {
    const error: unknown = (() => {
      try {
        return encodePosition(fen);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toMatchObject({
      name: 'NotationError',
      code: 'FEN_INVALID',
      message: expect.stringContaining(words),
    });
    expect(String(error).length).toBeLessThan(300);
  });
});

describe('encodePositions', () => {
  it('puts positions one after the other', () => {
    const boards = encodePositions(VERIFICATION_POSITIONS);
    expect(boards.length).toBe(VERIFICATION_POSITIONS.length * 14 * 64);
    VERIFICATION_POSITIONS.forEach((fen, i) => {
      expect(boards.subarray(i * 14 * 64, (i + 1) * 14 * 64)).toEqual(encodePosition(fen));
    });
  });

  it('covers with the verification positions every piece, both sides to move and several counts of rights', () => {
    const planes = VERIFICATION_POSITIONS.map((fen) => encodePosition(fen));
    for (let plane = 0; plane < 12; plane++) {
      expect(planes.some((board) => board.subarray(plane * 64, plane * 64 + 64).includes(1))).toBe(true);
    }
    expect(new Set(planes.map((board) => board[12 * 64]))).toEqual(new Set([0, 1]));
    expect(new Set(planes.map((board) => board[13 * 64]))).toEqual(new Set([0, 0.25, 0.5, 1]));
  });
});

describe('moveIndex', () => {
  it('gives the index of every legal move of 400 known positions', () => {
    for (const { fen, moves } of positions) {
      for (const [uci, index] of moves) expect(moveIndex(uci), `${fen} ${uci}`).toBe(index);
    }
  });

  it('gives all promotions of a pawn one index', () => {
    expect(['a7a8', 'a7a8q', 'a7a8r', 'a7a8b', 'a7a8n'].map(moveIndex)).toEqual(new Array(5).fill(48 * 64 + 56));
    expect([moveIndex('a1a1'), moveIndex('h8h8')]).toEqual([0, 4095]);
  });

  it.each(['', 'e2', 'e2e9', 'i2e4', 'e7e8k', 'E2E4', 'e2e4 ', 'O-O', 'e2-e4'])('refuses %j', (uci) => {
    expect(() => moveIndex(uci)).toThrow(expect.objectContaining({ name: 'NotationError', code: 'MOVE_INVALID' }));
  });
});
