import { AppError } from '@caissa/shared/errors';
import { ACTIVE, notOpenYet, type ServingModel } from '../inference/engine.js';
import type { Exchange } from './exchange.js';

const NAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/;

/** A model name in a path. `stats` is part of other addresses. @throws AppError INVALID_NAME */
export function checkName(name: string | undefined): string {
  if (name !== undefined && NAME.test(name) && name !== 'stats') return name;
  throw new AppError(
    'INVALID_NAME',
    'A model name is 1 to 128 of the characters A-Z a-z 0-9 . _ -, does not start with a dot, and is not "stats".',
  );
}

/** The ready model that a path names, in the version that it may name. @throws AppError INVALID_NAME, MODEL_NOT_FOUND, NO_READY_REPLICA */
export function findModel({ engine, params }: Exchange): ServingModel {
  const name = checkName(params['model']);
  const version = params['version'];
  if (version !== undefined && !NAME.test(version)) {
    throw new AppError('INVALID_NAME', 'A version is 1 to 128 of the characters A-Z a-z 0-9 . _ -.');
  }
  const model = engine.find(name, version);
  if (model !== undefined) return model;
  const other = version === undefined ? undefined : engine.find(name);
  if (other !== undefined) {
    throw new AppError('MODEL_NOT_FOUND', `The model ${other.name} has version ${other.version} here, not ${version}.`);
  }
  if (engine.isAwaited(name) || engine.isHeld(name)) throw notOpenYet(name);
  if (name === ACTIVE) {
    throw new AppError('NO_READY_REPLICA', 'No model is active: load one, or name the model to use.');
  }
  throw new AppError(
    'MODEL_NOT_FOUND',
    `No model ${name} is ready here; POST /v2/repository/models/${name}/load loads it if there is such a checkpoint.`,
  );
}
