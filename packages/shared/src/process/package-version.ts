import { readFileSync } from 'node:fs';
import { Counter, collectDefaultMetrics, Gauge, type Registry } from 'prom-client';
import { droppedLogLines } from './standard-streams.js';

let known: string | undefined;

/** The version of Caissa that runs, `major.minor.patch`; all its packages have one. */
export function packageVersion(): string {
  if (known === undefined) {
    const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
    known = String(version);
  }
  return known;
}

/** Adds what is known of every process: memory, processor time, the event loop, and which Caissa it runs. */
export function measureProcess(registry: Registry, service: string): void {
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'caissa_build_info',
    help: 'Always 1; its labels tell the service and the version of Caissa.',
    labelNames: ['service', 'version'],
    registers: [registry],
  }).set({ service, version: packageVersion() }, 1);
  const dropped: Counter = new Counter({
    name: 'caissa_log_lines_dropped_total',
    help: 'Log lines that were dropped, because standard output or standard error did not take them.',
    registers: [registry],
    collect: () => {
      dropped.reset();
      dropped.inc(droppedLogLines());
    },
  });
}
