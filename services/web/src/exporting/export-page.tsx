import { ChevronRight } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useCanOperate } from '../api/session';
import { goTo, useRoute } from '../state/route';
import { useStore } from '../state/store';
import { Badge } from '../ui/badge';
import { Card, PageHeading } from '../ui/layout';
import { Notice } from '../ui/notice';
import { choose, exportForm, isUnusual } from './export-form';
import { ExportJobs } from './export-jobs';
import { FormatChoice, OptionFields } from './format-fields';
import { MetadataRows } from './metadata-rows';
import { ModelPicker } from './model-picker';
import { StartExports } from './start-exports';

/** Chooses models and formats, starts exports, and shows their progress. */
export function ExportPage() {
  const canOperate = useCanOperate();
  useModelsOfAddress();
  return (
    <>
      <PageHeading title="Export" hint="Turn checkpoints into files that other programs load." />
      <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-5 lg:grid-cols-[repeat(2,minmax(0,1fr))]">
        {canOperate ? (
          <Card label="New export" className="divide-y divide-line">
            <ModelPicker />
            <FormatChoice />
            <Advanced />
            <StartExports />
          </Card>
        ) : (
          <Notice tone="info">
            Your access key is a viewer’s: it shows exports and downloads them, and cannot start any.
          </Notice>
        )}
        <ExportJobs />
      </div>
    </>
  );
}

/** What most exports leave as it is: folded, unless something was changed. */
function Advanced() {
  const unusual = isUnusual(useStore(exportForm));
  const [open, setOpen] = useState(unusual);
  return (
    <details open={open} onToggle={({ currentTarget }) => setOpen(currentTarget.open)} className="group">
      <summary className="flex items-center gap-2 px-5 py-3.5 text-sm font-semibold">
        <ChevronRight aria-hidden="true" className="size-4 text-muted transition-transform group-open:rotate-90" />
        <span>Advanced</span>
        {unusual && <Badge tone="info">Changed</Badge>}
        <span className="ml-auto truncate text-xs font-normal text-muted">Verification, weights, metadata</span>
      </summary>
      <div className="divide-y divide-line border-t border-line">
        <OptionFields />
        <MetadataRows />
      </div>
    </details>
  );
}

/** An address such as `#/export?models=model_v1,model_v2` chooses those models, once. */
function useModelsOfAddress(): void {
  const { params } = useRoute();
  const models = params.get('models');
  useEffect(() => {
    if (models === null) return;
    choose({ models: models.split(',').filter(Boolean) });
    goTo('export', {}, true);
  }, [models]);
}
