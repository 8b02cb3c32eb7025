/** A bucket, and what every key in it that is ours begins with. */
export interface S3Location {
  readonly bucket: string;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
}

/** Where a `STORAGE_URL` that has passed its check points to; undefined for the empty one, which is the local folder. */
export function parseS3Location(storageUrl: string): S3Location | undefined {
  const [, bucket, path = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/?$/.exec(storageUrl) ?? [];
  if (bucket === undefined) return undefined;
  return { bucket, prefix: path === '' ? '' : `${path}/` };
}
