import type { ModelSummary } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { useState } from 'react';
import { currentQuery, useActivationJobs } from '../api/queries';
import { Button } from '../ui/button';
import { ConfirmDialog } from '../ui/confirm-dialog';
import { tellFailure } from '../ui/toasts';
import { useActivations } from './activation';

interface LoadButtonProps {
  readonly model: Pick<ModelSummary, 'name' | 'status' | 'is_current'>;
  readonly look?: 'primary' | 'secondary';
  /** Shows only the picture where a row has no room for the word. */
  readonly compact?: boolean;
  /** Called when the work was accepted. */
  readonly onStarted?: () => void;
}

/** The word on a button of a row, which only screen readers have where there is no room. */
export const COMPACT_LABEL = 'max-sm:sr-only md:max-xl:sr-only';

/** Makes a model the active one; asks first when it takes another one's place. */
export function LoadButton({ model, look = 'secondary', compact = false, onStarted }: LoadButtonProps) {
  const { data: current } = useQuery(currentQuery);
  const { load } = useActivations();
  const [asking, setAsking] = useState(false);
  const [starting, setStarting] = useState(false);
  const running = useActivationJobs().some((job) => job.model_name === model.name && job.kind !== 'unload');
  const replaced = current?.loaded ? current.model_name : undefined;
  const start = async () => {
    await load(model.name, current);
    onStarted?.();
  };
  const startAtOnce = async () => {
    setStarting(true);
    try {
      await start();
    } catch (error) {
      tellFailure(`${model.name} could not be activated`, error);
    } finally {
      setStarting(false);
    }
  };
  return (
    <>
      <Button
        size="small"
        look={look}
        busy={running || starting}
        disabled={model.status !== 'ready'}
        aria-label={`Load ${model.name}`}
        onClick={() => (replaced === undefined ? void startAtOnce() : setAsking(true))}
      >
        {!running && !starting && <Play aria-hidden="true" />}
        <span className={compact ? COMPACT_LABEL : undefined}>Load</span>
      </Button>
      {asking && (
        <ConfirmDialog
          title={replaced === model.name ? `Load ${model.name} again?` : 'Replace the active model?'}
          confirm={`Load ${model.name}`}
          onConfirm={start}
          onClose={() => setAsking(false)}
        >
          <p>
            <strong>{model.name}</strong> takes the place of <strong>{replaced}</strong>
            {current && current.replicas.total > 1 ? ` on ${current.replicas.total} replicas` : ''}.
          </p>
          <p className="text-muted">
            {replaced} goes on answering until {model.name} is open and checked. You can undo it afterwards.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
