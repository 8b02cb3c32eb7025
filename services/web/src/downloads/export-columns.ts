/**
 * Where the parts of an export stand. On phones they make a card; in windows of middle width name and facts stand over
 * each other, with what can be done to their right; wide ones have a column for each. Widths in rem, so that they grow
 * with the letters.
 */
export const ROW_CLASS =
  'grid grid-cols-[auto_auto_minmax(0,1fr)_auto] items-center gap-x-3 gap-y-2 px-4 md:grid-cols-[auto_auto_minmax(0,1fr)_11rem_6rem] md:gap-x-4 md:gap-y-1 lg:grid-cols-[minmax(0,1fr)_5rem_7.5rem_3.5rem_10.5rem_6rem] xl:grid-cols-[minmax(0,1fr)_5rem_8rem_4rem_9rem_11rem_6rem]';

/** The name, over the facts. */
export const NAME_CLASS = 'min-w-0 max-md:col-span-4 md:max-lg:col-span-3 md:max-lg:col-start-1 md:max-lg:row-start-1';

/** Size, date and device, under the name. */
export const FACT_CLASS = 'text-xs text-muted md:max-lg:row-start-2 lg:text-sm lg:text-text';

/** The digest, for which there is room in the widest windows only. It also stands in the details. */
export const DIGEST_CLASS = 'max-xl:hidden';

const BESIDE = 'md:max-lg:row-span-2 md:max-lg:row-start-1';

/** What can be downloaded. */
export const DOWNLOADS_CLASS = `max-md:col-span-3 md:max-lg:col-start-4 ${BESIDE}`;

/** What else can be done, at the right edge. */
export const ACTIONS_CLASS = `-mr-1.5 flex items-center justify-end md:max-lg:col-start-5 ${BESIDE}`;

/** The height to be expected of a row before it is drawn, in pixels. */
export function expectedRowPx(): number {
  if (matchMedia('(min-width: 64rem)').matches) return 67;
  return matchMedia('(min-width: 48rem)').matches ? 87 : 151;
}
