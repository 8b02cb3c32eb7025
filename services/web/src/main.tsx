import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { isSignedOut, KEYS, shouldRetry } from './api/queries';
import { App } from './app';
import './styles.css';

const client: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    // A session ends while the page is open; who the visitor is says then that one has to sign in anew.
    onError: (error, { queryKey }) => {
      if (isSignedOut(error) && queryKey !== KEYS.session) void client.invalidateQueries({ queryKey: KEYS.session });
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
