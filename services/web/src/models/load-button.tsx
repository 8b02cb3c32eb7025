import type { ModelSummary } from '@caissa/shared/contracts';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Power } from 'lucide-react';
import { useState } from 'react';
import { currentQuery } from '../api/queries';
import { Button, COMPACT_BUTTON } from '../ui/button';
import { ConfirmDialog } from '../ui/dialog';
import { tellFailure } from '../ui/toasts';
import { useActivations } from './activation';
import { loadObstacle } from './load-obstacle';

interface LoadButtonProps {
  readonly model: Pick<ModelSummary, 'name' | 'status' | 'problem' | 'deploy_problem'>;
  /** Whether it is being made the active one already. */
  readonly running: boolean;
  readonly look?: 'primary' | 'secondary';
  /** Puts the label under the icon where a row has no room beside it. */
  readonly compact?: boolean;
  /** Called when the work was accepted. */
  readonly onStarted?: () => void;
}

/**
 * Makes a model the active one; asks first when it takes another one's place. There is one in every row of a long list,
 * so it subscribes to nothing: what is active is looked up when it is pressed.
 */
export function LoadButton({ model, running, look = 'secondary', compact = false, onStarted }: LoadButtonProps) {
  const client = useQueryClient();
  const { load } = useActivations();
  const [asking, setAsking] = useState(false);
  const [starting, setStarting] = useState(false);
  const obstacle = loadObstacle(model);
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
        disabled={obstacle !== undefined}
        title={obstacle ?? `Load ${model.name}`}
        aria-label={`Load ${model.name}`}
        className={compact ? COMPACT_BUTTON : undefined}
        onClick={() => (currentModel()?.loaded ? setAsking(true) : void startAtOnce())}
      >
        {!running && !starting && <Power aria-hidden="true" />}
        Load
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
