import clsx from 'clsx';
import { buttonClass } from '../ui/button';
import { START_FEN } from './game';

/** A position to look at with one click. */
interface Example {
  readonly name: string;
  readonly hint: string;
  readonly fen: string;
}

/** Positions of every kind: a deployment is sane if what the network says of them is plausible. */
export const EXAMPLES: readonly Example[] = [
  { name: 'Start', hint: 'Where every game begins', fen: START_FEN },
  {
    name: 'Opening',
    hint: 'Italian Game, Black to move',
    fen: 'r1bqkbnr/pppp1ppp/2n5/4p3/2B1P3/5N2/PPPP1PPP/RNBQK2R b KQkq - 3 3',
  },
  {
    name: 'Fried liver',
    hint: 'White can sacrifice a knight on f7',
    fen: 'r1bqkb1r/ppp2ppp/2n5/3np1N1/2B5/8/PPPP1PPP/RNBQK2R w KQkq - 0 6',
  },
  { name: 'Mate in one', hint: 'White mates with the rook on e8', fen: '6k1/5ppp/8/8/8/8/5PPP/4R1K1 w - - 0 1' },
  { name: 'Promotion', hint: 'White can promote a pawn', fen: '8/P6k/8/8/8/8/6K1/8 w - - 0 1' },
  { name: 'Endgame', hint: "Lucena's position: White wins with a bridge", fen: '3K4/3P1k2/8/8/8/8/2r5/4R3 w - - 0 1' },
  { name: 'Check', hint: 'Black is in check', fen: 'rnbqkbnr/ppp2ppp/8/1B1pp3/4P3/8/PPPP1PPP/RNBQK1NR b KQkq - 1 3' },
  { name: 'Stalemate', hint: 'Black has no move and is not in check', fen: '7k/5Q2/6K1/8/8/8/8/8 b - - 0 1' },
];

interface ExampleListProps {
  readonly fen: string;
  readonly onPlace: (fen: string) => void;
}

/** Positions to look at with one click. */
export function ExampleList({ fen, onPlace }: ExampleListProps) {
  return (
    <div>
      <h2 className="text-sm font-medium">Examples</h2>
      <ul className="mt-1.5 flex flex-wrap gap-1.5">
        {EXAMPLES.map((example) => (
          <li key={example.name}>
            <button
              type="button"
              title={example.hint}
              aria-pressed={example.fen === fen}
              onClick={() => onPlace(example.fen)}
              className={clsx(
                buttonClass('secondary', 'small'),
                'aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent-text',
              )}
            >
              {example.name}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
