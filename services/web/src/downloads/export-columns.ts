/**
 * The columns of the list of exports: on phones what they hold flows into a card, and wider windows show more of them.
 * Widths in rem, so that they grow with the letters.
 */
export const ROW_CLASS =
  'flex flex-wrap items-center gap-x-4 gap-y-2 px-4 md:grid md:grid-cols-[minmax(0,1fr)_5rem_7rem_11rem_6.5rem] lg:grid-cols-[minmax(0,1fr)_5rem_8rem_4rem_11rem_6.5rem] xl:grid-cols-[minmax(0,1fr)_5rem_8rem_4rem_9rem_11rem_6.5rem]';

/** Cells that a window of middle width leaves out; what they hold stands in the details. */
export const FROM_LARGE_CLASS = 'md:max-lg:hidden';

/** See {@link FROM_LARGE_CLASS}. */
export const FROM_EXTRA_LARGE_CLASS = 'md:max-xl:hidden';
