/** What separates a model's name from the time of its export in the name of a file. */
const SEPARATOR = '_export_';

/** The name of an exported file, which where it has to be broken is so between model and time first. */
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
