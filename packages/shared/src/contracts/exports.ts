import { factsOf, formatNames, listed, withArticle } from '@caissa/formats';
import { z } from 'zod';
import { completenessFields } from './completeness.js';
import { exportOptionsSchema } from './jobs.js';
import { callerMetadataSchema, metadataSchema, warningsSchema, weightsPathSchema } from './json.js';
import { exportFormatSchema, filenameSchema, modelNameSchema } from './names.js';

const success = z.literal(true);

/** Body of `POST /api/model/export/{format}/{model_name}`. What it does not know is ignored, and named in the answer. */
export const exportRequestSchema = z
  .object({
    metadata: callerMetadataSchema.nullish(),
    weights: weightsPathSchema.nullish(),
    options: exportOptionsSchema.nullish(),
  })
  .meta({ id: 'ExportRequest' });

/** One row of the list of exports. */
export const exportSummarySchema = z
  .object({
    filename: filenameSchema,
    format: exportFormatSchema,
    file_size_mb: z.number(),
    export_date: z.string(),
    metadata: metadataSchema,
    warnings: warningsSchema,
    model_name: modelNameSchema,
    size_bytes: z.int(),
    sha256: z.string(),
    data_filename: filenameSchema
      .optional()
      .describe(`The weights of ${largeModels()}. The model opens only with this file beside it.`),
    data_size_bytes: z.int().optional(),
    data_sha256: z.string().optional(),
    metadata_filename: filenameSchema.optional(),
    download_url: z.string(),
  })
  .meta({ id: 'ExportSummary' });

/** Answer of `GET /api/model/exports`. */
export const exportListSchema = z
  .object({
    success,
    exports: z.array(exportSummarySchema),
    count: z.int().describe('Exports in all, not on this page.'),
    ...completenessFields('Exports', 'every export in the store is listed'),
    next_cursor: z.string().optional(),
  })
  .meta({ id: 'ExportList' });

/** Body of `POST /api/model/exports/cleanup`. */
export const cleanupRequestSchema = z
  .strictObject({ keep_recent: z.int().nonnegative(), dry_run: z.boolean().default(false) })
  .meta({ id: 'CleanupRequest' });

/** Answer of a deletion or a clean-up. */
export const removalSchema = z
  .object({
    success,
    message: z.string(),
    dry_run: z.boolean(),
    removed: z.array(z.object({ filename: filenameSchema, size_bytes: z.int() })),
    removed_bytes: z.int(),
  })
  .meta({ id: 'Removal' });

/** The models whose weights lie in a file of their own, in words. */
function largeModels(): string {
  const large = formatNames()
    .map(factsOf)
    .flatMap(({ label, dataAbove }) =>
      dataAbove === undefined ? [] : [`${withArticle(label)} model of more than ${dataAbove}`],
    );
  return listed(large, 'or');
}

export type ExportSummary = z.infer<typeof exportSummarySchema>;
export type ExportList = z.infer<typeof exportListSchema>;
export type Removal = z.infer<typeof removalSchema>;
