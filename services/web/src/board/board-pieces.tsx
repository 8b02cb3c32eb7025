import { defaultPieces, type PieceRenderObject } from 'react-chessboard';
import type { PlacedPiece } from './position';

const KINDS = { P: 'pawn', N: 'knight', B: 'bishop', R: 'rook', Q: 'queen', K: 'king' } as const;

/** What a piece is called: "white knight". */
export function pieceName(piece: PlacedPiece): string {
  return `${piece[0] === 'w' ? 'white' : 'black'} ${KINDS[piece[1] as keyof typeof KINDS]}`;
}

/** Every piece, the king first. */
export const PIECES_OF = {
  w: ['wK', 'wQ', 'wR', 'wB', 'wN', 'wP'],
  b: ['bK', 'bQ', 'bR', 'bB', 'bN', 'bP'],
} as const satisfies Record<'w' | 'b', readonly PlacedPiece[]>;

/**
 * The board makes every piece that can be dragged a nameless button and a stop of the Tab key. Keyboard users have the
 * squares instead (see square-grid.tsx), so those buttons become mere pictures.
 */
function silence(element: SVGSVGElement | HTMLElement | null): void {
  const handle = element?.closest('[aria-roledescription="draggable"]');
  for (const name of ['role', 'tabindex', 'aria-roledescription', 'aria-describedby', 'aria-disabled']) {
    handle?.removeAttribute(name);
  }
}

/** The pieces of the board, as pictures only. */
export const PICTURES: PieceRenderObject = Object.fromEntries(
  Object.entries(defaultPieces).map(([piece, draw]) => [
    piece,
    (props) => (
      <span ref={silence} className="block size-full">
        {draw(props)}
      </span>
    ),
  ]),
);

/** A piece as a picture; the text beside it names it. */
export function PiecePicture({ piece }: { readonly piece: PlacedPiece }) {
  return (
    <span aria-hidden="true" className="block size-full">
      {defaultPieces[piece]?.()}
    </span>
  );
}
