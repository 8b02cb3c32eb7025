import { useQuery } from '@tanstack/react-query';
import { Suspense, useEffect, useLayoutEffect } from 'react';
import { useJobFeed } from './api/job-feed';
import { isSignedOut, sessionQuery } from './api/queries';
import { goToSignIn } from './api/session';
import { ConditionsBanner } from './header/conditions-banner';
import { ConnectionBanner } from './header/connection-banner';
import { Header } from './header/header';
import { OutageBanner } from './header/outage-banner';
import { AwaitedJobs, useAwaitsJobs } from './jobs/awaited-jobs';
import { DropZone } from './models/upload-sources';
import { useUploadGuard } from './models/uploads';
import { useRoute } from './state/route';
import { TAB_LABELS, TAB_PAGES } from './tabs';
import { ErrorBoundary } from './ui/error-boundary';
import { Skeleton } from './ui/progress';
import { Toasts } from './ui/toasts';

/** The whole page. A visitor who has to sign in first is sent to the sign-in page. */
export function App() {
  const { data: session, error } = useQuery(sessionQuery);
  const mustSignIn = (session?.required && !session.authenticated) || isSignedOut(error);
  useEffect(() => {
    if (mustSignIn) goToSignIn();
  }, [mustSignIn]);
  const ready = session !== undefined && !mustSignIn;
  useJobFeed(ready, useAwaitsJobs());
  useUploadGuard();
  return (
    <>
      <button
        type="button"
        onClick={() => document.getElementById('content')?.focus()}
        className="sr-only z-50 rounded-lg bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </button>
      <Header ready={ready} />
      <ConnectionBanner />
      {ready && <ConditionsBanner />}
      {ready && <OutageBanner />}
      <main
        id="content"
        tabIndex={-1}
        className="mx-auto w-full max-w-7xl px-4 pt-6 pb-28 outline-none sm:px-6 sm:pb-12"
      >
        {ready ? <CurrentTab /> : <PageSkeleton />}
      </main>
      <DropZone />
      <AwaitedJobs />
      <Toasts />
    </>
  );
}

function CurrentTab() {
  const { tab } = useRoute();
  const Page = TAB_PAGES[tab];
  useLayoutEffect(() => {
    document.title = `${TAB_LABELS[tab]} · Caissa`;
    // The browser keeps the scroll position of a long list, and the next tab would begin in its middle.
    window.scrollTo(0, 0);
  }, [tab]);
  return (
    <ErrorBoundary key={tab} what="This tab">
      <Suspense fallback={<PageSkeleton />}>
        <Page />
      </Suspense>
    </ErrorBoundary>
  );
}

function PageSkeleton() {
  return (
    <div role="status" aria-label="Loading">
      <Skeleton className="mb-7 h-11 w-56" />
      <Skeleton className="h-80 w-full rounded-2xl" />
    </div>
  );
}
