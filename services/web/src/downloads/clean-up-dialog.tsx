import type { Removal } from '@caissa/shared/contracts';
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { KEYS } from '../api/queries';
import { cleanUpExports } from '../api/work';
import { formatSize, plural } from '../format/number';
import { Button } from '../ui/button';
import { Dialog } from '../ui/dialog';
import { TextField } from '../ui/field';
import { FileName } from '../ui/file-name';
import { useSettled } from '../ui/hooks';
import { Notice } from '../ui/notice';
import { Skeleton } from '../ui/progress';
import { tell } from '../ui/toasts';
import { parseKeep } from './export-list';

const FIRST_PROPOSAL = '10';
const TYPING_PAUSE_MS = 250;

/** Removes all but the newest exports, after showing what would go. */
export function CleanUpDialog({ onClose }: { readonly onClose: () => void }) {
  const [text, setText] = useState(FIRST_PROPOSAL);
  const keep = parseKeep(text);
  const settled = useSettled(keep, TYPING_PAUSE_MS);
  const plan = useQuery({
    queryKey: [...KEYS.exports, 'clean-up', settled],
    queryFn: () => cleanUpExports(settled ?? 0, true),
    enabled: settled !== undefined,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  const removal = useRemoval(onClose);
  // Until the plan for this very number is there, nothing can be removed.
  const current = keep !== undefined && keep === settled && !plan.isPlaceholderData ? plan.data : undefined;
  const problem = removal.error ?? plan.error;
  return (
    <Dialog
      title="Clean up exports"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Keep as it is</Button>
          <Button
            look="danger"
            busy={removal.isPending}
            disabled={current === undefined || current.removed.length === 0}
            onClick={() => keep !== undefined && removal.mutate(keep)}
          >
            {confirmWords(current)}
          </Button>
        </>
      }
    >
      <div className="space-y-4 text-sm">
        <KeepField text={text} onChange={setText} valid={keep !== undefined} />
        {problem && <Notice tone="bad">{problem.message}</Notice>}
        {keep !== undefined && !plan.error && <Plan plan={plan.data} settled={current !== undefined} />}
      </div>
    </Dialog>
  );
}

function confirmWords(plan: Removal | undefined): string {
  if (plan === undefined) return 'Remove';
  if (plan.removed.length === 0) return 'Nothing to remove';
  return `Remove ${plural(plan.removed.length, 'file')}, ${formatSize(plan.removed_bytes)}`;
}

function useRemoval(onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (keep: number) => cleanUpExports(keep, false),
    onSuccess: ({ removed, removed_bytes: bytes }) => {
      const were = removed.length === 1 ? 'was' : 'were';
      const detail = `${formatSize(bytes)} are free again.`;
      tell({ kind: 'success', title: `${plural(removed.length, 'file')} ${were} removed`, detail });
      onDone();
    },
    onSettled: () => client.invalidateQueries({ queryKey: KEYS.exports }),
  });
}

interface KeepFieldProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
  readonly valid: boolean;
}

function KeepField({ text, onChange, valid }: KeepFieldProps) {
  const id = useId();
  const hint = useId();
  return (
    <div>
      <div className="flex flex-wrap items-center gap-2">
        <label htmlFor={id}>Keep the newest</label>
        <TextField
          id={id}
          type="number"
          inputMode="numeric"
          min={0}
          step={1}
          className="w-18 tabular-nums"
          value={text}
          onChange={(event) => onChange(event.target.value)}
          aria-invalid={!valid}
          aria-describedby={hint}
          data-first-focus
        />
        exports
      </div>
      <p id={hint} className={valid ? 'mt-1.5 text-muted' : 'mt-1.5 text-danger-text'}>
        {valid ? 'All older ones go, with their metadata files. Models stay.' : 'A whole number, 0 or more.'}
      </p>
    </div>
  );
}

/** What would be removed. It stays, paler, while the next plan loads, so that nothing jumps. */
function Plan({ plan, settled }: { readonly plan: Removal | undefined; readonly settled: boolean }) {
  if (plan === undefined) return <Skeleton className="h-48 w-full rounded-xl" />;
  if (plan.removed.length === 0) return <p className="text-muted">There are no older exports. Nothing would go.</p>;
  return (
    <section aria-label="Files that would be removed" aria-busy={!settled} className={settled ? '' : 'opacity-60'}>
      <p className="mb-2 font-medium tabular-nums">
        {plural(plan.removed.length, 'file')}, {formatSize(plan.removed_bytes)}:
      </p>
      <ul className="divide-y divide-line rounded-xl border border-line">
        {plan.removed.map(({ filename, size_bytes: bytes }) => (
          <li key={filename} className="flex items-baseline justify-between gap-4 px-3 py-1.5">
            <span className="min-w-0 wrap-anywhere">
              <FileName name={filename} />
            </span>
            <span className="whitespace-nowrap text-muted tabular-nums">{formatSize(bytes)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
