import type { CurrentModel, ReplicaSummary } from '@caissa/shared/contracts';
import type { ReactNode } from 'react';
import { Badge } from '../ui/badge';
import { ProgressBar } from '../ui/progress';
import { describeDevice, describeMemory, describeProviders, describeReplicas, memoryOf, stateOf } from './device-words';

/** Every replica: where it runs, what it serves, and what keeps it from the active model. */
export function ReplicaList({ current }: { readonly current: CurrentModel }) {
  const { loaded, replicas, replica_list: list, generation } = current;
  return (
    <>
      <header className="flex items-baseline justify-between gap-4 border-b border-line px-4 py-3">
        <h2 className="font-semibold">Devices and replicas</h2>
        {list.length > 0 && <p className="text-xs text-muted">{describeReplicas(loaded, replicas)}</p>}
      </header>
      {list.length === 0 ? (
        <p className="px-4 py-5 text-muted">
          No loader is running, so no model can be loaded or asked. <code>npm run loader</code> starts one.
        </p>
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a long list scrolls, which must be possible by keyboard
        <ul tabIndex={0} className="divide-y divide-line">
          {list.map((replica) => (
            <ReplicaItem key={replica.id} replica={replica} wanted={generation} />
          ))}
        </ul>
      )}
    </>
  );
}

interface ReplicaItemProps {
  readonly replica: ReplicaSummary;
  /** Generation of the active model. */
  readonly wanted: number;
}

function ReplicaItem({ replica, wanted }: ReplicaItemProps) {
  const { id, host, model_name, generation, device_info: device, problem } = replica;
  const [word, tone] = stateOf(replica, wanted);
  const memory = memoryOf(device);
  return (
    <li className="px-4 py-3">
      <p className="mb-1.5 flex items-center justify-between gap-3">
        <span className="min-w-0 truncate font-medium">{host}</span>
        <Badge tone={tone}>{word}</Badge>
      </p>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-xs">
        <Fact name={device.is_gpu ? 'GPU' : 'CPU'}>{describeDevice(device)}</Fact>
        <Fact name="Memory">
          {memory === undefined ? (
            'The driver does not tell.'
          ) : (
            <>
              {describeMemory(memory)}
              {memory.totalBytes !== undefined && (
                <ProgressBar percent={(100 * memory.usedBytes) / memory.totalBytes} label="Memory in use" />
              )}
            </>
          )}
        </Fact>
        <Fact name="Execution provider">{describeProviders(device)}</Fact>
        <Fact name="Model">{model_name ?? 'None'}</Fact>
        <Fact name="Generation">{generation}</Fact>
        <Fact name="Loader">{id}</Fact>
      </dl>
      {problem !== null && <p className="mt-2 text-xs text-danger-text wrap-anywhere">{problem}</p>}
    </li>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="space-y-1 tabular-nums wrap-anywhere">{children}</dd>
    </>
  );
}
