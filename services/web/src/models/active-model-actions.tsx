import type { ActivationEntry, CurrentModel } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import { PowerOff, Undo2 } from 'lucide-react';
import { useState } from 'react';
import { activationsQuery } from '../api/queries';
import { Button } from '../ui/button';
import { ConfirmDialog } from '../ui/dialog';
import { useActivations } from './activation';

/** Buttons to roll back and to unload. */
export function ActiveModelActions({ current }: { readonly current: CurrentModel }) {
  const { rollBack, unload } = useActivations();
  const { data } = useQuery(activationsQuery);
  const [asking, setAsking] = useState<'rollback' | 'unload'>();
  const before = data && previousActivation(data.activations, current);
  return (
    <div className="mt-auto flex flex-wrap gap-2">
      <Button size="small" className="max-w-full" disabled={before === undefined} onClick={() => setAsking('rollback')}>
        <Undo2 aria-hidden="true" />
        <span className="truncate">Roll back{before ? ` to ${before.model_name}` : ''}</span>
      </Button>
      <Button size="small" look="quiet" onClick={() => setAsking('unload')}>
        <PowerOff aria-hidden="true" />
        Unload
      </Button>
      {asking === 'rollback' && before && (
        <ConfirmDialog
          title="Roll back?"
          confirm={`Roll back to ${before.model_name}`}
          onConfirm={() => rollBack(before.generation)}
          onClose={() => setAsking(undefined)}
        >
          <p>
            <strong>{before.model_name}</strong> (generation {before.generation}) takes the place of{' '}
            <strong>{current.model_name}</strong>, which goes on answering until then.
          </p>
        </ConfirmDialog>
      )}
      {asking === 'unload' && (
        <ConfirmDialog
          title={`Unload ${current.model_name}?`}
          confirm="Unload"
          danger
          onConfirm={() => unload(current)}
          onClose={() => setAsking(undefined)}
        >
          <p>Positions are not answered any more until a model is loaded.</p>
        </ConfirmDialog>
      )}
    </div>
  );
}

/** The target of a rollback: the model that was served before the active one, and its generation. */
export function previousActivation(
  journal: readonly ActivationEntry[],
  current: Pick<CurrentModel, 'generation' | 'sha256'>,
): { readonly model_name: string; readonly generation: number } | undefined {
  for (const { to, outcome } of journal) {
    if (outcome !== 'succeeded' || to === null || to.model_name === null) continue;
    if (to.generation >= current.generation || to.source_sha256 === current.sha256) continue;
    return { model_name: to.model_name, generation: to.generation };
  }
  return undefined;
}
