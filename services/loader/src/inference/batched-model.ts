import { NETWORK_INTERFACE } from '@caissa/network';
import { AppError } from '@caissa/shared';
import { type BatchSettings, type BatchSituation, waitForBatch, wantedSize } from './batch-policy.js';
import { type InferenceResult, type ModelStatistics, POSITION_FLOATS, type ServingModel } from './engine.js';
import { PendingRequest, type Piece, toNs } from './pending-request.js';
import { RequestQueue } from './request-queue.js';
