import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** What the page asks the API for; `npm run dev` passes it on to a system that runs elsewhere. */
const PROXIED = ['/api', '/v2', '/admin', '/sign-in', '/pages', '/livez', '/readyz', '/metrics'];

/** Where that system is. */
const target = process.env['CAISSA_URL'] ?? 'http://127.0.0.1:8001';

export default defineConfig({
  root: import.meta.dirname,
  // The page may be published below any path.
  base: './',
  plugins: [react(), tailwindcss()],
  build: {
    target: 'es2022',
    // Inlined files would be data: addresses, which the content security policy allows for images only.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: Object.fromEntries(PROXIED.map((path) => [path, { target }])) },
});
