import type { ModelSummary } from '@caissa/shared/contracts';
import { CircleCheck } from 'lucide-react';
import { Badge } from '../ui/badge';
import { Spinner } from '../ui/progress';

/** What state a model is in, in a word. */
export function ModelBadges({ model }: { readonly model: Pick<ModelSummary, 'status' | 'is_current' | 'problem'> }) {
  return (
    <>
      {model.is_current && (
        <Badge tone="good">
          <CircleCheck aria-hidden="true" />
          Active
        </Badge>
      )}
      {model.status === 'inspecting' && (
        <Badge tone="info">
          <Spinner />
          Inspecting
        </Badge>
      )}
      {model.status === 'unreadable' && (
        <Badge tone="bad" title={model.problem?.detail}>
          Unreadable
        </Badge>
      )}
    </>
  );
}
