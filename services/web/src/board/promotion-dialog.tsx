import { Dialog } from '../ui/dialog';
import { PiecePicture } from './board-pieces';
import type { PlacedPiece } from './position';

interface PromotionDialogProps {
  readonly color: 'w' | 'b';
  readonly onChoose: (piece: 'q' | 'r' | 'b' | 'n') => void;
  readonly onClose: () => void;
}

const CHOICES = [
  { piece: 'q', name: 'Queen' },
  { piece: 'r', name: 'Rook' },
  { piece: 'b', name: 'Bishop' },
  { piece: 'n', name: 'Knight' },
] as const;

/** Asks what a pawn becomes. */
export function PromotionDialog({ color, onChoose, onClose }: PromotionDialogProps) {
  return (
    <Dialog title="The pawn becomes a" onClose={onClose}>
      <div className="grid grid-cols-4 gap-2">
        {CHOICES.map(({ piece, name }) => (
          <button
            key={piece}
            type="button"
            onClick={() => onChoose(piece)}
            className="flex flex-col items-center gap-1 rounded-xl border border-line p-2 text-sm font-medium transition-colors hover:bg-sunken"
          >
            <span className="size-12 rounded-lg bg-(--board-dark) p-0.5 sm:size-14">
              <PiecePicture piece={`${color}${piece.toUpperCase()}` as PlacedPiece} />
            </span>
            {name}
          </button>
        ))}
      </div>
    </Dialog>
  );
}
