import clsx from 'clsx';
import { buttonClass } from '../ui/button';
import { EXAMPLES } from './examples';

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
