import { useQuery } from '@tanstack/react-query';
import { modelsQuery } from '../api/queries';
import { useCanOperate } from '../api/session';
import { plural } from '../format/number';
import { goTo, useRoute } from '../state/route';
import { PageHeading } from '../ui/layout';
import { ActiveModelCard } from './active-model-card';
import { HistoryCard } from './history-card';
import { LeftOutList } from './left-out-list';
import { ModelDrawer } from './model-drawer';
import { ModelsSection } from './models-section';
import { UploadList } from './upload-list';
import { UploadButton } from './upload-sources';

/** All models: what is active, how training went, and the list of them. */
export function ModelsPage() {
  const canOperate = useCanOperate();
  const { params } = useRoute();
  const { data } = useQuery(modelsQuery);
  const opened = params.get('name');
  const unreadable = data?.models.filter(({ status }) => status === 'unreadable').length ?? 0;
  return (
    <>
      <PageHeading
        title="Models"
        hint={data && `${plural(data.count, 'model')}${unreadable > 0 ? `, ${unreadable} unreadable` : ''}`}
      >
        {canOperate && <UploadButton />}
      </PageHeading>
      <div className="mb-5 grid grid-cols-[minmax(0,1fr)] gap-5 lg:grid-cols-[minmax(0,5fr)_minmax(0,7fr)]">
        <ActiveModelCard />
        <HistoryCard />
      </div>
      <UploadList />
      {data?.left_out && <LeftOutList files={data.left_out} />}
      <ModelsSection />
      {opened !== null && <ModelDrawer key={opened} name={opened} onClose={() => goTo('models')} />}
    </>
  );
}
