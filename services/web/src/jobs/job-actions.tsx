import type { JobView } from '@caissa/shared/contracts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { RotateCw, X } from 'lucide-react';
import { type ReactNode, useRef } from 'react';
import { isUnfinished, KEYS, modelsQuery } from '../api/queries';
import { useCanOperate } from '../api/session';
import { cancelJob, retryJob } from '../api/work';
import { Button } from '../ui/button';
import { useFocusHandover } from '../ui/hooks';
import { tellFailure } from '../ui/toasts';
import { canHelpToRetry } from './job-facts';
import { describeJob } from './job-words';

interface JobActionProps {
  readonly job: JobView;
}

/**
 * Cancels an unfinished job; for operators. A running job stops at its next step, and until then the button is busy.
 */
export function CancelButton({ job }: JobActionProps) {
  const canOperate = useCanOperate();
  const { mutate, isPending } = useJobAction(job, cancelJob, 'The job could not be cancelled');
  if (!canOperate || !isUnfinished(job)) return null;
  const stopping = job.cancel_requested || isPending;
  return (
    <ActionButton busy={stopping} onClick={() => mutate()} label={labelOf('Cancel', job)}>
      {!stopping && <X aria-hidden="true" />}
      {stopping ? 'Stopping' : 'Cancel'}
    </ActionButton>
  );
}

/** Runs a failed job again, where that can help; for operators. */
export function RetryButton({ job }: JobActionProps) {
  const canOperate = useCanOperate();
  return canOperate && job.status === 'failed' ? <FailedJobRetry job={job} /> : null;
}

function FailedJobRetry({ job }: JobActionProps) {
  const { mutate, isPending } = useJobAction(job, retryJob, 'The job could not be started again');
  const { data: model } = useQuery({
    ...modelsQuery,
    select: ({ models }) => models.find(({ name }) => name === job.model_name),
  });
  if (!canHelpToRetry(job, model)) return null;
  return (
    <ActionButton busy={isPending} onClick={() => mutate()} label={labelOf('Retry', job)}>
      {!isPending && <RotateCw aria-hidden="true" />}
      Retry
    </ActionButton>
  );
}

interface ActionButtonProps {
  readonly label: string;
  readonly busy: boolean;
  readonly onClick: () => void;
  readonly children: ReactNode;
}

/** A button that disappears once it has done its work. */
function ActionButton({ label, ...rest }: ActionButtonProps) {
  const button = useRef<HTMLButtonElement>(null);
  useFocusHandover(button);
  return <Button ref={button} size="small" aria-label={label} {...rest} />;
}

function labelOf(action: string, job: JobView): string {
  return `${action}: ${describeJob(job)}, ${job.model_name}`;
}

/** Acts on a job and fetches it again, whether or not that was refused: a refusal means that the job had changed. */
function useJobAction(job: JobView, act: (id: string) => Promise<unknown>, failure: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => act(job.job_id),
    onError: (error) => tellFailure(failure, error),
    onSettled: () =>
      Promise.all([
        client.invalidateQueries({ queryKey: KEYS.jobs }),
        client.invalidateQueries({ queryKey: KEYS.job(job.job_id) }),
      ]),
  });
}
