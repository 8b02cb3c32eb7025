import { collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { packageVersion } from './package-version.js';

/** Adds what is known of every process: memory, processor time, the event loop, and which Caissa it runs. */
export function measureProcess(registry: Registry, service: string): void {
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'caissa_build_info',
    help: 'Always 1; its labels tell the service and the version of Caissa.',
    labelNames: ['service', 'version'],
    registers: [registry],
  }).set({ service, version: packageVersion() }, 1);
}
