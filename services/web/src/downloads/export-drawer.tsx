import { FORMATS } from '@caissa/formats';
import type { ExportSummary } from '@caissa/shared/contracts';
import { useSession } from '../api/session';
import { formatCount, formatSize } from '../format/number';
import { routeHref } from '../state/route';
import { CopyButton } from '../ui/copy-button';
import { Dialog } from '../ui/dialog';
import { FileName } from '../ui/file-name';
import { KeyValues, Section } from '../ui/layout';
import { TimeText } from '../ui/time-text';
import { Warnings } from '../ui/warnings';
import { curlLine, DownloadLinks } from './download-links';
import { metadataRows, verificationRows } from './export-facts';
import { deviceUsed, exportBytes } from './export-list';

interface ExportDrawerProps {
  readonly item: ExportSummary;
  readonly onClose: () => void;
}

/** Everything that is known of an export. */
export function ExportDrawer({ item, onClose }: ExportDrawerProps) {
  const verification = verificationRows(item.metadata);
  return (
    <Dialog shape="drawer" title={item.filename} onClose={onClose}>
      <div className="space-y-6">
        <DownloadLinks item={item} />
        <Warnings warnings={item.warnings} />
        <FileFacts item={item} />
        <CurlLine item={item} />
        {verification.length > 0 && (
          <Section title="Verification">
            <KeyValues rows={verification} />
          </Section>
        )}
        <Section title="Metadata">
          <KeyValues rows={metadataRows(item)} />
        </Section>
      </div>
    </Dialog>
  );
}

function FileFacts({ item }: { readonly item: ExportSummary }) {
  return (
    <Section title="File">
      <KeyValues
        rows={[
          ['Name', <FileName key="name" name={item.filename} />],
          ...(item.data_filename ? [['Weights', <FileName key="data" name={item.data_filename} />] as const] : []),
          ...(item.metadata_filename
            ? [['Metadata file', <FileName key="metadata" name={item.metadata_filename} />] as const]
            : []),
          ['Format', FORMATS[item.format].label],
          [
            'Model',
            <a
              key="model"
              href={routeHref('models', { name: item.model_name })}
              className="font-medium text-accent-text underline underline-offset-2"
            >
              {item.model_name}
            </a>,
          ],
          ['Size', `${formatSize(exportBytes(item))} (${formatCount(exportBytes(item))} bytes)`],
          ['Exported', <TimeText key="date" time={item.export_date} />],
          ['Device used', deviceUsed(item) ?? 'Not known'],
        ]}
      />
      <div className="flex items-center justify-between gap-2 border-t border-line py-1.5 text-sm">
        <div className="min-w-0">
          <p className="text-muted">SHA-256</p>
          <p className="font-mono text-xs wrap-anywhere">{item.sha256}</p>
        </div>
        <CopyButton text={item.sha256} what="SHA-256 digest" />
      </div>
    </Section>
  );
}

function CurlLine({ item }: { readonly item: ExportSummary }) {
  const required = useSession()?.required ?? false;
  const line = curlLine(item.filename, document.baseURI, required);
  return (
    <Section title="From a command line">
      <div className="flex items-start gap-1 rounded-xl bg-sunken py-1.5 pr-1.5 pl-3">
        <code className="min-w-0 flex-1 py-1.5 text-xs wrap-anywhere">{line}</code>
        <CopyButton text={line} what="curl command" />
      </div>
      {required && <p className="mt-1.5 text-xs text-muted">Put your access key into the variable CAISSA_KEY first.</p>}
    </Section>
  );
}
