import type { ModelSummary } from '@caissa/shared/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Play } from 'lucide-react';
import { useState } from 'react';
import { currentQuery } from '../api/queries';
import { Button } from '../ui/button';
import { ConfirmDialog } from '../ui/dialog';
import { tellFailure } from '../ui/toasts';
import { useActivations } from './activation';

interface LoadButtonProps {
  readonly model: Pick<ModelSummary, 'name' | 'status' | 'is_current'>;
  /** Whether it is being made the active one already. */
  readonly running: boolean;
  readonly look?: 'primary' | 'secondary';
  /** Shows only the icon where a row has no room for the label. */
  readonly compact?: boolean;
  /** Called when the work was accepted. */
  readonly onStarted?: () => void;
}

/** The label of a row's button, which only screen readers get where there is no room. */
export const COMPACT_LABEL = 'max-sm:sr-only md:max-xl:sr-only';

/**
 * Makes a model the active one; asks first when it takes another one's place. There is one in every row of a long list,
 * so it subscribes to nothing: what is active is looked up when it is pressed.
 */
export function LoadButton({ model, running, look = 'secondary', compact = false, onStarted }: LoadButtonProps) {
  const client = useQueryClient();
  const { load } = useActivations();
  const [asking, setAsking] = useState(false);
  const [starting, setStarting] = useState(false);
  const currentModel = () => client.getQueryData(currentQuery.queryKey);
  const start = async () => {
    await load(model.name, currentModel());
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
        onClick={() => (currentModel()?.loaded ? setAsking(true) : void startAtOnce())}
      >
        {!running && !starting && <Play aria-hidden="true" />}
        <span className={compact ? COMPACT_LABEL : undefined}>Load</span>
      </Button>
      {asking && <ConfirmLoad name={model.name} onConfirm={start} onClose={() => setAsking(false)} />}
    </>
  );
}

interface ConfirmLoadProps {
  readonly name: string;
  readonly onConfirm: () => Promise<void>;
  readonly onClose: () => void;
}

function ConfirmLoad({ name, onConfirm, onClose }: ConfirmLoadProps) {
  const { data: current } = useQuery(currentQuery);
  const replaced = current?.model_name;
  return (
    <ConfirmDialog
      title={replaced === name ? `Load ${name} again?` : 'Replace the active model?'}
      confirm={`Load ${name}`}
      onConfirm={onConfirm}
      onClose={onClose}
    >
      <p>
        <strong>{name}</strong> takes the place of <strong>{replaced}</strong>
        {current && current.replicas.total > 1 ? ` on ${current.replicas.total} replicas` : ''}.
      </p>
      <p className="text-muted">
        {replaced} goes on answering until {name} is open and checked. You can undo it afterwards.
      </p>
    </ConfirmDialog>
  );
}
