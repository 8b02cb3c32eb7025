import type { Square } from 'chess.js';
import { type CSSProperties, type ReactNode, useMemo } from 'react';
import { Chessboard, type ChessboardOptions, ChessboardProvider } from 'react-chessboard';
import { PICTURES } from './board-pieces';
import { piecesOf } from './placement';
import type { PlacedPiece } from './position';
import { SquareGrid } from './square-grid';

interface ChessBoardProps {
  readonly fen: string;
  readonly orientation: 'white' | 'black';
  readonly selected: Square | undefined;
  readonly targets: readonly Square[];
  readonly lastMove: readonly Square[];
  readonly checked: Square | undefined;
  /** Pieces may be put anywhere, and off the board. */
  readonly free: boolean;
  readonly canDrag: (piece: PlacedPiece) => boolean;
  /**
   * A piece was dropped; without `from` it comes from beside the board, without `to` it went there. Returns whether
   * that is allowed.
   */
  readonly onDrop: (piece: PlacedPiece, from: Square | undefined, to: Square | undefined) => boolean;
  readonly onSquare: (square: Square) => void;
  readonly onCancel: () => void;
  /** Lies over the squares, under the pointer. */
  readonly overlay: ReactNode;
  /** What stands around the board; pieces can be dragged between the two. */
  readonly children: (board: ReactNode) => ReactNode;
}

const MOVE_MS = 160;
const BOARD_ID = 'board';

const NOTATION = {
  fontSize: 'clamp(0.5rem, 2vw, 0.6875rem)',
  lineHeight: 1.1,
  fontWeight: 600,
  position: 'absolute',
} as const;

const LOOK: ChessboardOptions = {
  id: BOARD_ID,
  pieces: PICTURES,
  allowDrawingArrows: false,
  allowAutoScroll: false,
  lightSquareStyle: { backgroundColor: 'var(--board-light)' },
  darkSquareStyle: { backgroundColor: 'var(--board-dark)' },
  dropSquareStyle: { boxShadow: 'inset 0 0 0 3px var(--accent-strong)' },
  lightSquareNotationStyle: { color: 'var(--board-ink-on-light)' },
  darkSquareNotationStyle: { color: 'var(--board-ink-on-dark)' },
  alphaNotationStyle: { ...NOTATION, bottom: 1, right: 3 },
  numericNotationStyle: { ...NOTATION, top: 1, left: 3 },
};

/** The board with its pieces. */
export function ChessBoard(props: ChessBoardProps) {
  const { fen, orientation, selected, targets, onSquare, onCancel } = props;
  const pieces = useMemo(() => piecesOf(fen), [fen]);
  const options = useBoardOptions(props, pieces);
  const board = (
    <div className="relative isolate aspect-square w-full overflow-hidden rounded-lg">
      <div aria-hidden="true" className="size-full">
        <Chessboard />
      </div>
      {props.overlay}
      <SquareGrid {...{ pieces, orientation, selected, targets, onSquare, onCancel }} />
    </div>
  );
  return <ChessboardProvider options={options}>{props.children(board)}</ChessboardProvider>;
}

function useBoardOptions(props: ChessBoardProps, pieces: Partial<Record<Square, PlacedPiece>>): ChessboardOptions {
  const position = useMemo(
    () => Object.fromEntries(Object.entries(pieces).map(([square, pieceType]) => [square, { pieceType }])),
    [pieces],
  );
  return {
    ...LOOK,
    position,
    boardOrientation: props.orientation,
    animationDurationInMs: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : MOVE_MS,
    allowDragOffBoard: props.free,
    squareStyles: squareStyles(props, pieces),
    canDragPiece: ({ piece }) => props.free || props.canDrag(piece.pieceType as PlacedPiece),
    onPieceDrop: ({ piece, sourceSquare, targetSquare }) =>
      props.onDrop(
        piece.pieceType as PlacedPiece,
        piece.isSparePiece ? undefined : (sourceSquare as Square),
        (targetSquare ?? undefined) as Square | undefined,
      ),
    onSquareClick: ({ square }) => props.onSquare(square as Square),
  };
}

/** Marks on single squares: the last move, the king in check, the chosen piece, and where it can go. */
function squareStyles(
  { lastMove, checked, selected, targets }: ChessBoardProps,
  pieces: Partial<Record<Square, PlacedPiece>>,
): Record<string, CSSProperties> {
  const styles: Record<string, CSSProperties> = {};
  for (const square of lastMove) styles[square] = { backgroundColor: mix('--board-mark', 45) };
  if (checked) styles[checked] = { background: `radial-gradient(circle, ${mix('--danger', 85)} 20%, transparent 72%)` };
  if (selected) styles[selected] = { backgroundColor: mix('--board-mark', 75) };
  for (const square of targets) {
    const ring = pieces[square] !== undefined;
    const dot = mix('--board-ink-on-light', 45);
    styles[square] = {
      ...styles[square],
      backgroundImage: ring
        ? `radial-gradient(circle, transparent 60%, ${dot} 61%)`
        : `radial-gradient(circle, ${dot} 22%, transparent 23%)`,
    };
  }
  return styles;
}

function mix(token: string, percent: number): string {
  return `color-mix(in srgb, var(${token}) ${percent}%, transparent)`;
}
