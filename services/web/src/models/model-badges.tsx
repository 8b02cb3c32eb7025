import type { ModelSummary } from '@caissa/shared/contracts';
import { CircleAlert, CircleCheck, Info } from 'lucide-react';
import { useIsDown } from '../api/queries';
import { plural } from '../format/number';
import { Badge } from '../ui/badge';
import { Spinner } from '../ui/progress';

/** Why a model whose file is still changing is not ready. */
export const BEING_WRITTEN = 'Inspection starts when the file stops changing.';

interface ModelBadgesProps {
  readonly model: Pick<
    ModelSummary,
    'status' | 'being_written' | 'is_current' | 'problem' | 'deploy_problem' | 'warnings_count'
  >;
}

/** What state a model is in, in a word. */
export function ModelBadges({ model }: ModelBadgesProps) {
  const warnings = plural(model.warnings_count, 'warning');
  return (
    <>
      {model.is_current && <ActiveBadge />}
      {model.status === 'inspecting' && (
        <Badge tone="info">
          <Spinner />
          {model.being_written ? 'Being written' : 'Inspecting'}
        </Badge>
      )}
      {model.status === 'unreadable' && (
        <Badge tone="bad" title={model.problem?.detail}>
          Unreadable
        </Badge>
      )}
      {model.deploy_problem && (
        <Badge tone="warn" title={model.deploy_problem.detail}>
          Not loadable
        </Badge>
      )}
      {model.warnings_count > 0 && (
        <Badge title={`${warnings}; see the details`}>
          <Info aria-hidden="true" />
          <span className="sr-only">{warnings}</span>
        </Badge>
      )}
    </>
  );
}

/** The badge of the active model. */
function ActiveBadge() {
  const isDown = useIsDown();
  const Icon = isDown ? CircleAlert : CircleCheck;
  return (
    <Badge tone={isDown ? 'bad' : 'good'} title={isDown ? 'It answers no positions at the moment.' : undefined}>
      <Icon aria-hidden="true" />
      Active
    </Badge>
  );
}
