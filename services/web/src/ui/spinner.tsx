import { LoaderCircle } from 'lucide-react';

/** Something is going on. What it is stands beside it. */
export function Spinner() {
  return <LoaderCircle className="size-4 animate-spin motion-reduce:animate-none" aria-hidden="true" />;
}
