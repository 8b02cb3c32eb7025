import { fileURLToPath } from 'node:url';
import { Router, static as serveStatic } from 'express';

/** The folder of scripts and styles of our own pages; the same for the source and for the built code. */
const FOLDER = fileURLToPath(new URL('../../static/', import.meta.url));

/** Serves the scripts and styles of our own pages under `/pages`. They are the same for everybody and hold no secret. */
export function servePageFiles(): Router {
  const router = Router();
  router.use('/pages', serveStatic(FOLDER, { index: false, redirect: false, dotfiles: 'ignore', maxAge: '1h' }));
  return router;
}
