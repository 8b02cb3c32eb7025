/** Placeholder. */
export function DownloadsPage() {
  return <h1>DownloadsPage</h1>;
}
