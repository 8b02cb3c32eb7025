import { DEFAULT_FORMAT, FORMATS, type Format } from '@caissa/formats';
import { Badge } from '../ui/badge';

/** What format something is; the usual one stands out. */
export function FormatBadge({ format }: { readonly format: Format }) {
  return <Badge tone={format === DEFAULT_FORMAT ? 'info' : 'neutral'}>{FORMATS[format].label}</Badge>;
}
