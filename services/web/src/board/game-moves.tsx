import { type FormEvent, useId, useState } from 'react';
import { Button } from '../ui/button';
import { TextField } from '../ui/field';
import type { Game } from './game';
import { readMove } from './game';
import { turnOf } from './placement';

interface MoveEntryProps {
  readonly fen: string;
  readonly disabled: boolean;
  readonly onPlay: (uci: string) => void;
}

/** A field to make moves by name, for those who do not use a pointer or know what they want. */
export function MoveEntry({ fen, disabled, onPlay }: MoveEntryProps) {
  const id = useId();
  const [text, setText] = useState('');
  const [refusal, setRefusal] = useState<{ readonly of: string; readonly problem: string }>();
  // A refusal holds for the position in which the move was typed.
  const problem = refusal?.of === fen ? refusal.problem : undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const reading = readMove(fen, text);
    setRefusal(reading.ok ? undefined : { of: fen, problem: reading.problem });
    if (!reading.ok) return;
    setText('');
    onPlay(reading.uci);
  };
  return (
    <form onSubmit={submit} noValidate>
      <label htmlFor={id} className="block text-sm font-medium">
        Move
      </label>
      <div className="mt-1 flex gap-2">
        <TextField
          id={id}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setRefusal(undefined);
          }}
          disabled={disabled}
          placeholder="Nf3 or e2e4"
          aria-invalid={problem !== undefined}
          aria-describedby={`${id}-problem`}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          className="min-w-0 flex-1"
        />
        <Button type="submit" disabled={disabled}>
          Play
        </Button>
      </div>
      <p id={`${id}-problem`} role="alert" className="mt-1 text-xs text-danger-text empty:hidden">
        {problem}
      </p>
    </form>
  );
}

/** The moves that were made, in the usual way: `1. e4 e5 2. Nf3`. */
export function PlayedMoves({ game }: { readonly game: Game }) {
  const { start, moves } = game;
  const offset = turnOf(start) === 'b' ? 1 : 0;
  const firstNumber = Number(start.split(' ')[5] ?? 1);
  return (
    <div>
      <h2 className="text-sm font-medium">Moves</h2>
      {moves.length === 0 ? (
        <p className="mt-1 min-h-6 text-sm text-muted">
          None yet. Drag a piece, click one and its target, or type a move.
        </p>
      ) : (
        <ol className="mt-1 flex max-h-28 min-h-6 flex-wrap gap-x-1.5 overflow-y-auto text-sm tabular-nums">
          {moves.map(({ san, fen }, index) => {
            const ply = index + offset;
            const number = firstNumber + Math.floor(ply / 2);
            const white = ply % 2 === 0;
            return (
              <li key={fen} aria-current={index === moves.length - 1 ? 'step' : undefined}>
                {(white || index === 0) && <span className="text-muted">{`${number}${white ? '.' : '\u2026'} `}</span>}
                <span
                  className={
                    index === moves.length - 1 ? 'rounded bg-accent-soft px-1 font-medium text-accent-text' : ''
                  }
                >
                  {san}
                </span>
              </li>
            );
          })}
        </ol>
      )}
    </div>
  );
}
