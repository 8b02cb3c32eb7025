import { FORMATS, formatNames, listed } from '@caissa/formats';
import type { ExportSummary } from '@caissa/shared/contracts';
import { useQuery } from '@tanstack/react-query';
import { Brush, Download, SearchX } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { exportsQuery } from '../api/queries';
import { useCanOperate, useSession } from '../api/session';
import { goTo, routeHref, useRoute } from '../state/route';
import { Button, buttonClass } from '../ui/button';
import { SearchField, SelectField } from '../ui/field';
import { Card, PageHeading } from '../ui/layout';
import { EmptyState, LoadFailure } from '../ui/list-states';
import { SkeletonRows } from '../ui/progress';
import { CleanUpDialog } from './clean-up-dialog';
import { DeleteExportDialog } from './delete-export-dialog';
import { ExportDrawer } from './export-drawer';
import { describeAmount, describeReading, type ExportFilter, filterExports, readExportFilter } from './export-list';
import { ExportTable } from './export-table';

/** All exports: finding, downloading, looking into and removing them. */
export function DownloadsPage() {
  const { params } = useRoute();
  const filter = useMemo(() => readExportFilter(params), [params]);
  const { data, error, refetch } = useQuery(exportsQuery);
  const all = data?.exports;
  const reading = data && describeReading(data);
  const shown = useMemo(() => all && filterExports(all, filter), [all, filter]);
  return (
    <>
      <PageHeading title="Downloads" hint={reading ?? (all && shown && describeAmount(shown, all))}>
        <CleanUp disabled={all === undefined || all.length === 0} />
      </PageHeading>
      <Filters filter={filter} />
      <Card label="Exports" className="overflow-hidden">
        {all && shown && (all.length > 0 || reading === undefined) ? (
          <Exports shown={shown} count={all.length} />
        ) : error ? (
          <LoadFailure what="The exports" error={error} onRetry={() => void refetch()} />
        ) : (
          <SkeletonRows rows={6} label="Loading the exports" />
        )}
      </Card>
    </>
  );
}

function CleanUp({ disabled }: { readonly disabled: boolean }) {
  const canOperate = useCanOperate();
  const [open, setOpen] = useState(false);
  if (!canOperate) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)} disabled={disabled}>
        <Brush aria-hidden="true" />
        Clean up
      </Button>
      {open && <CleanUpDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function Filters({ filter: { search, format } }: { readonly filter: ExportFilter }) {
  const change = (next: { search?: string; format?: string }) => goTo('downloads', { search, format, ...next }, true);
  return (
    <search className="mb-4 flex gap-2">
      <SearchField label="Search exports" value={search} onChange={(text) => change({ search: text })} />
      <SelectField
        aria-label="Format"
        value={format ?? ''}
        onChange={(event) => change({ format: event.target.value })}
      >
        <option value="">All formats</option>
        {formatNames().map((name) => (
          <option key={name} value={name}>
            {FORMATS[name].label}
          </option>
        ))}
      </SelectField>
    </search>
  );
}

interface ExportsProps {
  readonly shown: readonly ExportSummary[];
  /** Exports in all. */
  readonly count: number;
}

function Exports({ shown, count }: ExportsProps) {
  const [opened, setOpened] = useState<ExportSummary>();
  const [doomed, setDoomed] = useState<ExportSummary>();
  const canOperate = useCanOperate();
  const keyRequired = useSession()?.required ?? false;
  const close = useCallback(() => setOpened(undefined), []);
  const keep = useCallback(() => setDoomed(undefined), []);
  if (count === 0) return <NoExports />;
  return (
    <>
      {shown.length === 0 ? (
        <NothingFound />
      ) : (
        <ExportTable
          items={shown}
          onShow={setOpened}
          onDelete={canOperate ? setDoomed : undefined}
          keyRequired={keyRequired}
        />
      )}
      {opened && <ExportDrawer item={opened} onClose={close} />}
      {doomed && <DeleteExportDialog item={doomed} onClose={keep} />}
    </>
  );
}

function NoExports() {
  const labels = formatNames().map((name) => FORMATS[name].label);
  return (
    <EmptyState
      icon={Download}
      title="Nothing exported yet"
      action={
        <a href={routeHref('export')} className={buttonClass('primary')}>
          Export a model
        </a>
      }
    >
      Models that are exported to {listed(labels, 'or')} are kept here, ready to be downloaded.
    </EmptyState>
  );
}

function NothingFound() {
  return (
    <EmptyState
      icon={SearchX}
      title="No export matches"
      action={<Button onClick={() => goTo('downloads', {}, true)}>Show all exports</Button>}
    >
      Neither the name of a file nor that of its model holds what was searched for.
    </EmptyState>
  );
}
