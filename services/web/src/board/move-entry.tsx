import { type FormEvent, useId, useState } from 'react';
import { Button } from '../ui/button';
import { TextField } from '../ui/field';
import { readMove } from './game';

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
  // It is about the position in which the move was typed.
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
