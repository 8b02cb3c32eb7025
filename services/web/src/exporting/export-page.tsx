import { useEffect } from 'react';
import { useCanOperate } from '../api/session';
import { goTo, useRoute } from '../state/route';
import { Card, PageHeading } from '../ui/layout';
import { Notice } from '../ui/notice';
import { choose } from './export-form';
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
            <OptionFields />
            <MetadataRows />
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
