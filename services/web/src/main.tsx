import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { isSignedOut, KEYS, retryDelay, shouldRetry } from './api/queries';
import { App } from './app';
import './styles.css';

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session may end while the page is open; fetching it again then shows that the visitor has to sign in.
    onError: (error, { queryKey }) => {
      if (isSignedOut(error) && queryKey !== KEYS.session) void client.invalidateQueries({ queryKey: KEYS.session });
    },
  }),
  defaultOptions: {
    queries: {
      retry: shouldRetry,
      retryDelay: (failures, error) => retryDelay(failures, error),
      staleTime: 2_000,
      // Whether the API is offline is judged by its silence, not by what the browser guesses of its network: the API
      // may run on this machine.
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
