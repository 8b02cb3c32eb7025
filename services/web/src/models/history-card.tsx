import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense } from 'react';
import { currentQuery, modelsQuery } from '../api/queries';
import { goTo } from '../state/route';
import { ErrorBoundary } from '../ui/error-boundary';
import { Card } from '../ui/layout';
import { LoadFailure } from '../ui/list-states';
import { Skeleton } from '../ui/progress';

const HistoryChart = lazy(async () => ({ default: (await import('../charts/history-chart')).HistoryChart }));

/** How training went, from version to version. The chart is loaded after the page. */
export function HistoryCard() {
  const { data, error, refetch } = useQuery(modelsQuery);
  const { data: current } = useQuery(currentQuery);
  return (
    <Card label="Training history" className="flex min-h-80 flex-col p-5 max-sm:min-h-93">
      <ErrorBoundary what="The training history">
        {data === undefined && error ? (
          <>
            <Title />
            <LoadFailure what="The training history" error={error} onRetry={() => void refetch()} />
          </>
        ) : (
          <Suspense fallback={<ChartSkeleton />}>
            {data === undefined ? (
              <ChartSkeleton />
            ) : (
              <HistoryChart
                models={data.models}
                currentName={current?.model_name}
                onOpen={(name) => goTo('models', { name })}
              />
            )}
          </Suspense>
        )}
      </ErrorBoundary>
    </Card>
  );
}

/** Stands where the chart has its own. */
function Title() {
  return <h2 className="flex min-h-9 items-center text-sm font-semibold">Training history</h2>;
}

function ChartSkeleton() {
  return (
    <div role="status" aria-label="Loading the training history" className="flex flex-1 flex-col gap-3">
      <Title />
      <Skeleton className="w-full flex-1" />
    </div>
  );
}
