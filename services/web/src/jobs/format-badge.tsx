import type { ExportFormat } from '@caissa/shared/contracts';
import { Badge } from '../ui/badge';
import { FORMAT_WORDS } from './job-words';

/** What format something is, told apart by colour as well. */
export function FormatBadge({ format }: { readonly format: ExportFormat }) {
  return <Badge tone={format === 'onnx' ? 'info' : 'neutral'}>{FORMAT_WORDS[format]}</Badge>;
}
