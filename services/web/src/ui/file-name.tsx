/** Separates a model's name from the time of its export in the name of a file. */
const SEPARATOR = '_export_';

/** The name of an exported file, which preferably wraps between model and time. */
export function FileName({ name }: { readonly name: string }) {
  const at = name.lastIndexOf(SEPARATOR);
  if (at < 0) return name;
  return (
    <>
      {name.slice(0, at)}
      <wbr />
      {name.slice(at)}
    </>
  );
}
