/** Placeholder. */
export function ExportPage() {
  return <h1>ExportPage</h1>;
}
