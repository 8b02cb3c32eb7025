/** The response to a deletion or a clean-up. */
export function describeRemoval(removed: readonly { filename: string; size_bytes: number }[], dryRun: boolean) {
  const bytes = removed.reduce((sum, file) => sum + file.size_bytes, 0);
  const files = removed.length === 1 ? '1 file' : `${removed.length} files`;
  return {
    success: true,
    message: `${files} with ${bytes} bytes ${dryRun ? 'would be' : removed.length === 1 ? 'was' : 'were'} removed`,
    dry_run: dryRun,
    removed,
    removed_bytes: bytes,
  };
}
