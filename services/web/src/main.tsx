import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiError } from './api/client';
import { KEYS, shouldRetry } from './api/queries';
import { App } from './app';
import './styles.css';

const client = new QueryClient({
  // A session ends elsewhere too: in another window, or when its time is over. Who is signed in is then asked anew.
  queryCache: new QueryCache({
    onError: (error, { queryKey }) => {
      if (!(error instanceof ApiError) || error.status !== 401 || queryKey[0] === KEYS.session[0]) return;
      void client.invalidateQueries({ queryKey: KEYS.session });
    },
  }),
  defaultOptions: {
    queries: {
      retry: shouldRetry,
      staleTime: 2_000,
      // Offline is what the API's silence says, not what the browser guesses of its network: it may run on this machine.
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
});

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no place for the page');
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <App />
    </QueryClientProvider>
  </StrictMode>,
);
