import type { CurrentModel, DeviceInfo } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import { Cpu, Gpu, Server } from 'lucide-react';
import { currentQuery, deviceQuery } from '../api/queries';
import { formatSize, plural } from '../format/number';
import { routeHref } from '../state/route';
import { Skeleton } from '../ui/progress';

/** What is active, on how many replicas, on what kind of device: always in sight. */
export function StatusStrip() {
  const { data: current } = useQuery(currentQuery);
  const { data: device, isPending } = useQuery(deviceQuery);
  // All at once: what came later would shift the rest.
  if (current === undefined || isPending) return <StatusSkeleton />;
  return (
    <div className="flex min-w-0 items-center gap-2 text-xs">
      <ActiveModel current={current} />
      <Replicas current={current} />
      {device && <Device device={device} />}
    </div>
  );
}

/** A placeholder for {@link StatusStrip}. */
export function StatusSkeleton() {
  return <Skeleton className="h-6 w-32" />;
}

const CHIP =
  'inline-flex h-7 items-center gap-1.5 rounded-full border border-line px-2.5 font-medium whitespace-nowrap';

function ActiveModel({ current }: { readonly current: CurrentModel }) {
  if (!current.loaded || current.model_name === undefined) {
    return (
      <span className={`${CHIP} text-muted`}>
        <span className="size-2 rounded-full bg-line-strong" aria-hidden="true" />
        <span className="max-sm:sr-only">No active model</span>
        <span className="sm:hidden" aria-hidden="true">
          None active
        </span>
      </span>
    );
  }
  return (
    <a
      href={routeHref('models', { name: current.model_name })}
      title={`Active model: ${current.model_name}, generation ${current.generation}`}
      className={`${CHIP} min-w-0 hover:bg-sunken`}
    >
      <span className="size-2 shrink-0 rounded-full bg-accent" aria-hidden="true" />
      <span className="sr-only">Active model: </span>
      <span className="max-w-32 truncate lg:max-w-48">{current.model_name}</span>
    </a>
  );
}

function Replicas({ current: { loaded, replicas } }: { readonly current: CurrentModel }) {
  const { ready, total } = replicas;
  const words = loaded ? `${ready} of ${plural(total, 'replica')} ready` : plural(total, 'replica');
  return (
    <span className={`${CHIP} text-muted max-md:hidden`} title={words}>
      <Server className="size-3.5" aria-hidden="true" />
      <span aria-hidden="true">{loaded ? `${ready}/${total}` : total}</span>
      <span className="sr-only">{words}</span>
    </span>
  );
}

function Device({ device }: { readonly device: DeviceInfo }) {
  const Icon = device.is_gpu ? Gpu : Cpu;
  const memory = device.gpu && `${formatSize(device.gpu.memory_allocated)} in use`;
  return (
    <span
      className={`${CHIP} text-muted max-lg:hidden`}
      title={
        device.is_gpu
          ? `${device.device_name}${memory ? `, ${memory}` : ''}`
          : `CPU: ${device.cpu.model}, ${device.cpu.cores} cores`
      }
    >
      <Icon className="size-3.5" aria-hidden="true" />
      <span className="sr-only">Device: </span>
      {device.is_gpu ? `GPU${memory ? ` · ${memory}` : ''}` : 'CPU'}
    </span>
  );
}
