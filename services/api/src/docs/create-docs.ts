import { Router } from 'express';
import type { Access } from '../access/create-access.js';
import type { Route } from '../http/route.js';

/** `/api/openapi.json`, `/api/docs` and `/api/docs/errors`. To be mounted at the root, after the guards. */
export function createDocs(_routes: readonly Route[], _access: Access): Router {
  return Router();
}
