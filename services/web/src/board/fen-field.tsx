import { type FormEvent, useId, useState } from 'react';
import { Button } from '../ui/button';
import { CopyButton } from '../ui/copy-button';
import { TextField } from '../ui/field';
import { readFen } from './position';

interface FenFieldProps {
  readonly fen: string;
  /** Why the position of the address was not shown. */
  readonly addressProblem: string | undefined;
  readonly onPlace: (fen: string) => void;
}

/** The position as text: to copy it, and to set another. */
export function FenField({ fen, addressProblem, onPlace }: FenFieldProps) {
  const id = useId();
  const [draft, setDraft] = useState<{ readonly of: string; readonly text: string }>();
  const [refused, setRefused] = useState<string>();
  // What was typed is dropped when the board moves on.
  const text = draft?.of === fen ? draft.text : fen;
  const problem =
    draft?.of === fen ? refused : addressProblem && `The address has no valid position. ${addressProblem}`;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const reading = readFen(text);
    setRefused(reading.ok ? undefined : reading.problem);
    setDraft(reading.ok ? undefined : { of: fen, text });
    if (reading.ok) onPlace(reading.fen);
  };
  return (
    <form onSubmit={submit} noValidate>
      <label htmlFor={id} className="text-sm font-medium">
        Position (FEN)
      </label>
      <div className="mt-1 flex items-center gap-2">
        <TextField
          id={id}
          value={text}
          onChange={(event) => {
            setRefused(undefined);
            setDraft({ of: fen, text: event.target.value });
          }}
          onFocus={(event) => event.target.select()}
          aria-invalid={problem !== undefined}
          aria-describedby={`${id}-problem`}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          className="min-w-0 flex-1 font-mono text-xs"
        />
        <Button type="submit">Set</Button>
        <CopyButton text={fen} what="position" />
      </div>
      <p id={`${id}-problem`} role="alert" className="mt-1 text-xs text-danger-text empty:hidden">
        {problem}
      </p>
    </form>
  );
}
