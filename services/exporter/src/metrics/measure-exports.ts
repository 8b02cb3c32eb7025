import type { Processor } from '@caissa/queue';
import { type ExportResult, verifyLevelSchema } from '@caissa/shared/contracts';
import { Counter, type Registry } from 'prom-client';

/** Counts what exports give, in a registry. */
export function measureExports(registry: Registry, processor: Processor<'export'>): Processor<'export'> {
  const labelNames = ['format', 'verification'];
  const exported = new Counter({
    name: 'caissa_exported_artifacts_total',
    help: 'Artifacts that were exported, by format and by how far they were verified (none, quick, full).',
    labelNames,
    registers: [registry],
  });
  const bytes = new Counter({
    name: 'caissa_exported_bytes_total',
    help: 'Bytes of the artifacts that were exported, with the files of their weights; by format and verification.',
    labelNames,
    registers: [registry],
  });
  return async (item) => {
    const result = await processor(item);
    const labels = { format: result.format, verification: verificationOf(result) };
    exported.inc(labels);
    bytes.inc(labels, result.size_bytes + (result.data_size_bytes ?? 0));
    return result;
  };
}

/** The level that was reached, which may be lower than what was asked for. */
function verificationOf({ metadata }: ExportResult): string {
  const { verification } = metadata;
  const isKnown = typeof verification === 'object' && verification !== null && !Array.isArray(verification);
  return verifyLevelSchema.safeParse(isKnown && verification['level']).data ?? 'none';
}
