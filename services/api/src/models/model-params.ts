import { modelNameSchema } from '@caissa/shared/contracts';
import { z } from 'zod';

/** Path parameters of the routes of one model. */
export const modelParamsSchema = z.object({ model_name: modelNameSchema });
