import { describeCheckpoint, openCheckpoint, refuseIfChanged, withSource } from '@caissa/conversion';
import { checkExpected } from '@caissa/network';
import type { ModelFacts } from '@caissa/registry';
import type { JobProgress } from '@caissa/shared/contracts';
import { MODEL_EXTENSION } from '@caissa/storage';
import type { LoaderContext } from '../context.js';
import { namedError } from './named-error.js';
import { type OpenedConverted, openConverted } from './open-converted.js';

/** Percent at which each stage begins. */
export const PERCENT = { opening: 0, converting: 10, warming_up: 70, publishing: 95 } as const;

/** A model that has been opened, has answered sensibly, and waits to be activated. */
export interface Candidate extends OpenedConverted, ModelFacts {
  readonly modelName: string;
  readonly sha256: string;
}

/** Who opens a candidate. */
export interface CandidateRequest {
  readonly modelName: string;
  readonly signal: AbortSignal;
  report(progress: JobProgress): void;
}

/**
 * Opens a checkpoint of the model folder if it is a model that may be activated.
 * @throws AppError MODEL_NOT_FOUND, and others with the file's name; the signal's reason
 */
export async function openCandidate(context: LoaderContext, request: CandidateRequest): Promise<Candidate> {
  const { modelName, signal, report } = request;
  report({ stage: 'opening', percent: PERCENT.opening });
  const open = withSource(context.models.open(modelName), async (source): Promise<Candidate> => {
    const checkpoint = await openCheckpoint(source);
    checkExpected(checkpoint.network.architecture, context.expected);
    const sha256 = await context.digests.of(modelName, source, signal);
    const { version, metadata } = describeCheckpoint(checkpoint);
    report({ stage: 'converting', percent: PERCENT.converting });
    const share = PERCENT.warming_up - PERCENT.converting;
    const onProgress = (written: number, total: number) =>
      report({ stage: 'converting', percent: PERCENT.converting + (share * written) / total });
    const convert = async () => {
      const converted = await context.converted.convert(sha256, checkpoint, { signal, onProgress });
      await refuseIfChanged(source);
      report({ stage: 'warming_up', percent: PERCENT.warming_up });
      return { path: converted, facts: { version, metadata } };
    };
    const opened = await openConverted(context, sha256, convert, signal);
    return { ...opened, modelName, sha256, version, metadata };
  });
  return open.catch((error: unknown) => {
    throw namedError(error, `${modelName}${MODEL_EXTENSION}`);
  });
}
