import { Histogram, type Registry } from 'prom-client';

/** Measures requests to the port of a loader, by the pattern of their route. */
export function measureAnswers(registry: Registry): (route: string, status: number, seconds: number) => void {
  const histogram = new Histogram({
    name: 'caissa_loader_request_duration_seconds',
    help: 'Time from a request to its answer, by route pattern and status.',
    labelNames: ['route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 30],
    registers: [registry],
  });
  return (route, status, seconds) => histogram.observe({ route, status: String(status) }, seconds);
}
