/** Percent of a load job at which each stage begins. */
export const PERCENT = { opening: 0, converting: 10, warming_up: 70, publishing: 95 } as const;
