import { filenameSchema } from '@caissa/shared/contracts';
import { z } from 'zod';

/** Path parameters of the routes of one exported file. */
export const fileParamsSchema = z.object({ filename: filenameSchema });
