import type { JobView } from '@caissa/shared/contracts';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { RotateCw, X } from 'lucide-react';
import { isUnfinished, KEYS } from '../api/queries';
import { useCanOperate } from '../api/session';
import { cancelJob, retryJob } from '../api/work';
import { Button } from '../ui/button';
import { tellFailure } from '../ui/toasts';
import { describeJob } from './job-words';

interface JobActionProps {
  readonly job: JobView;
}

/** Stops a job that is not over; for operators. A job at work stops at its next step, and until then the button waits. */
export function CancelButton({ job }: JobActionProps) {
  const canOperate = useCanOperate();
  const { mutate, isPending } = useJobAction(job, cancelJob, 'The job could not be cancelled');
  if (!canOperate || !isUnfinished(job)) return null;
  const stopping = job.cancel_requested || isPending;
  return (
    <Button size="small" busy={stopping} onClick={() => mutate()} aria-label={labelOf('Cancel', job)}>
      {!stopping && <X aria-hidden="true" />}
      {stopping ? 'Stopping' : 'Cancel'}
    </Button>
  );
}

/** Has a failed job done again; for operators. */
export function RetryButton({ job }: JobActionProps) {
  const canOperate = useCanOperate();
  const { mutate, isPending } = useJobAction(job, retryJob, 'The job could not be started again');
  if (!canOperate || job.status !== 'failed') return null;
  return (
    <Button size="small" busy={isPending} onClick={() => mutate()} aria-label={labelOf('Retry', job)}>
      {!isPending && <RotateCw aria-hidden="true" />}
      Retry
    </Button>
  );
}

function labelOf(action: string, job: JobView): string {
  return `${action}: ${describeJob(job)}, ${job.model_name}`;
}

/** Does something to a job and looks at it anew, whether or not it was refused: a refusal means that it had changed. */
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
