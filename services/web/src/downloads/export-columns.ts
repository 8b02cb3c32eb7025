/**
 * Where the parts of an export stand. On phones they flow into a card; in windows of middle width name and facts stand
 * over each other, with what can be done to their right; wide ones have a column for each. Widths in rem, so that they
 * grow with the letters.
 */
export const ROW_CLASS =
  'flex flex-wrap items-center gap-x-4 gap-y-2 px-4 md:grid md:grid-cols-[5rem_9rem_minmax(0,1fr)_11rem_6rem] lg:grid-cols-[minmax(0,1fr)_5rem_7.5rem_3.5rem_10.5rem_6rem] xl:grid-cols-[minmax(0,1fr)_5rem_8rem_4rem_9rem_11rem_6rem]';

/** The name, over the facts in windows of middle width. */
export const NAME_CLASS = 'w-full min-w-0 md:w-auto md:max-lg:col-span-3';

/** What can be done with an export, beside both in windows of middle width. */
export const BESIDE_CLASS = 'md:max-lg:row-span-2 md:max-lg:row-start-1';

/** The digest, for which there is room in the widest windows only. It also stands in the details. */
export const DIGEST_CLASS = 'max-xl:hidden';

/** The height to be expected of a row before it is drawn, in pixels. */
export function expectedRowPx(): number {
  if (matchMedia('(min-width: 64rem)').matches) return 67;
  return matchMedia('(min-width: 48rem)').matches ? 91 : 151;
}
