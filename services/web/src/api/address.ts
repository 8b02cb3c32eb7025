/**
 * The address of something of the API, such as `/api/jobs`: relative to the page, which may lie below a path that it
 * does not know.
 */
export const addressOf = (path: string) => `.${path}`;

/** Where a file of an export is downloaded from. */
export const downloadAddress = (filename: string) => addressOf(`/api/model/download/${encodeURIComponent(filename)}`);
