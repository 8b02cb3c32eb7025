import { formatNames, MODEL_NAME } from '@caissa/formats';
import { z } from 'zod';
import { AppError } from '../errors/app-error.js';

const FILENAME = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}$/;

/** Name of a model: the checkpoint's file name without its extension, if that is a valid name. */
export const modelNameSchema = z
  .string()
  .regex(MODEL_NAME, 'must be 1 to 128 of the characters A-Z a-z 0-9 . _ - and not start with a dot')
  .meta({ id: 'ModelName', example: 'model_v1' });

/** Name of an exported file. Longer than a model's name, which it holds together with its time. */
export const filenameSchema = z
  .string()
  .regex(FILENAME, 'must be made of the characters A-Z a-z 0-9 . _ - and not start with a dot')
  .meta({ id: 'Filename', example: 'model_v1_export_20251007_031138.pt' });

/** The formats that a model can be exported to. */
export const exportFormatSchema = z.enum(formatNames()).meta({ id: 'ExportFormat' });

/** Refuses names that are not valid before anything is looked up. @throws AppError INVALID_NAME */
export function parseModelName(name: string): string {
  if (!MODEL_NAME.test(name)) {
    throw new AppError(
      'INVALID_NAME',
      'A model name is 1 to 128 of the characters A-Z a-z 0-9 . _ - and does not start with a dot.',
    );
  }
  return name;
}

/** Refuses file names that are not valid before anything is looked up. @throws AppError INVALID_NAME */
export function parseFilename(filename: string): string {
  if (!FILENAME.test(filename)) {
    throw new AppError(
      'INVALID_NAME',
      'A file name is made of the characters A-Z a-z 0-9 . _ - and does not start with a dot.',
    );
  }
  return filename;
}

/** Mebibytes with two decimals, as the requirement shows sizes. */
export function toMebibytes(sizeBytes: number): number {
  return Math.round((sizeBytes / 1024 ** 2) * 100) / 100;
}
