import type { CurrentModel } from '@caissa/shared/contracts';
import clsx from 'clsx';
import { Cpu, Gpu } from 'lucide-react';
import { useId } from 'react';
import { servingOf } from '../api/serving';
import { Popover } from '../ui/popover';
import { CHIP_CLASS } from './chip';
import { describeReplicas } from './device-words';
import { ReplicaList } from './replica-list';

const LOOKS = {
  inactive: 'border-line text-muted hover:bg-sunken',
  down: 'border-transparent bg-danger-soft text-danger-text',
  partial: 'border-transparent bg-warn-soft text-warn-text',
  full: 'border-line text-muted hover:bg-sunken',
} as const;

/** Says how many replicas are ready and on what kind of device, and opens the list of them. On phones it is an icon. */
export function DevicesButton({ current }: { readonly current: CurrentModel }) {
  const id = useId();
  const { loaded, replicas, device_info: device } = current;
  const serving = servingOf(current);
  const isWell = serving === 'full' || serving === 'inactive';
  const Icon = device.is_gpu ? Gpu : Cpu;
  const name = replicas.total === 0 ? undefined : device.device_name;
  return (
    <>
      <button
        type="button"
        popoverTarget={id}
        title="Devices and replicas"
        className={clsx(CHIP_CLASS, 'shrink-0 transition-colors', LOOKS[serving])}
      >
        <Icon className="size-3.5 shrink-0" aria-hidden="true" />
        <span className="sr-only">
          {`Devices and replicas: ${[describeReplicas(loaded, replicas), ...(name ? [name] : [])].join(', ')}`}
        </span>
        <span aria-hidden="true" className={clsx('tabular-nums', isWell && 'max-md:hidden')}>
          {loaded ? `${replicas.ready}/${replicas.total}` : replicas.total}
        </span>
        {name && (
          <span aria-hidden="true" className="max-w-44 truncate border-l border-current/25 pl-1.5 max-lg:hidden">
            {name}
          </span>
        )}
      </button>
      <Popover id={id} label="Devices and replicas" className="w-96 text-sm">
        <ReplicaList current={current} />
      </Popover>
    </>
  );
}
