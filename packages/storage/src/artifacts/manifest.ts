import type { ExportResult, ExportSummary } from '@caissa/shared/contracts';
import {
  exportFormatSchema,
  filenameSchema,
  metadataSchema,
  modelNameSchema,
  toMebibytes,
  warningsSchema,
} from '@caissa/shared/contracts';
import { z } from 'zod';

/** A file that belongs to an artifact. */
const fileSchema = z.object({
  filename: filenameSchema,
  size_bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** The JSON that lies beside an artifact and makes it visible: no manifest, no export. */
export const manifestSchema = z.object({
  schema_version: z.literal(1),
  filename: filenameSchema,
  format: exportFormatSchema,
  model_name: modelNameSchema,
  job_id: z.string(),
  size_bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  export_date: z.iso.datetime(),
  metadata: metadataSchema,
  /** Of the checkpoint; none in manifests that were written before there were any. */
  warnings: warningsSchema.default([]),
  /** The weights of an ONNX model that is too large to hold them itself; it opens only beside them. */
  data_file: fileSchema.optional(),
  /** The JSON file that users download beside an ONNX model. */
  metadata_file: fileSchema.optional(),
});

export type Manifest = z.infer<typeof manifestSchema>;

/** The manifest that a text is, if it is one. */
export function parseManifestText(text: string): Manifest | undefined {
  return parseAs(manifestSchema, text);
}

/** What a text in JSON says, if that is what the schema asks for. */
export function parseAs<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    // Not JSON, or nested beyond what can be read: not written by us.
    return undefined;
  }
}

/** A file of an export, as those who remove it tell of it. */
export type FileOfExport = Pick<Manifest, 'filename' | 'size_bytes'>;

/** The files of an artifact, the one that holds its name first. */
export function filesOf({ filename, size_bytes, data_file, metadata_file }: Manifest): FileOfExport[] {
  const others = [data_file, metadata_file].filter((file) => file !== undefined);
  return [
    { filename, size_bytes },
    ...others.map((file) => ({ filename: file.filename, size_bytes: file.size_bytes })),
  ];
}

/** Size and digest that a file of an artifact must have, if it is one. */
export function expectedOf(manifest: Manifest, filename: string): { size_bytes: number; sha256: string } | undefined {
  if (manifest.filename === filename) return manifest;
  return [manifest.data_file, manifest.metadata_file].find((file) => file?.filename === filename);
}

/** What a list shows of an artifact. */
export function toExportSummary(manifest: Manifest): ExportSummary {
  return {
    filename: manifest.filename,
    format: manifest.format,
    file_size_mb: toMebibytes(manifest.size_bytes),
    export_date: manifest.export_date,
    metadata: manifest.metadata,
    warnings: manifest.warnings,
    model_name: manifest.model_name,
    size_bytes: manifest.size_bytes,
    sha256: manifest.sha256,
    ...(manifest.data_file
      ? {
          data_filename: manifest.data_file.filename,
          data_size_bytes: manifest.data_file.size_bytes,
          data_sha256: manifest.data_file.sha256,
        }
      : {}),
    ...(manifest.metadata_file ? { metadata_filename: manifest.metadata_file.filename } : {}),
    download_url: `/api/model/download/${manifest.filename}`,
  };
}

/** The result of the job that made an artifact. */
export function toExportResult(manifest: Manifest): ExportResult {
  const { export_date: _, ...summary } = toExportSummary(manifest);
  return {
    success: true,
    message: `Model exported successfully to ${manifest.format} format`,
    ...summary,
    job_id: manifest.job_id,
  };
}
