import type { BudgetLimits } from './budget.js';

/**
 * A checkpoint has one entry per storage: GPT-sized ones have some thousands. The header of each is a read of its own, of
 * 25 µs where they lie far apart.
 */
export const MAX_ENTRIES = 20_000;

/** The archive's directory is read whole: 400 bytes for each of {@link MAX_ENTRIES}. */
export const MAX_DIRECTORY_BYTES = 8 << 20;

/** `NAME/data/123` and its like; NAME is a file's stem, which file systems hold to 255 bytes. */
export const MAX_NAME_BYTES = 1024;

/** Names inside the top folder are ASCII where PyTorch writes them; to normalise a long one of others takes 0.1 ms. */
export const MAX_UNICODE_NAME_CHARACTERS = 512 << 10;

/** Extra fields before the data of all entries: PyTorch pads there, by up to 4 KiB each where data is aligned to pages. */
export const MAX_EXTRA_BYTES = 64 << 20;

/** Deflate reaches 1000:1, weights hardly 2:1; more than this is a bomb. */
export const MAX_EXPANSION_RATIO = 20;

/** How often a deflated entry may be inflated anew. Each use of the weights takes one pass: a check, an export, a comparison. */
export const MAX_INFLATE_PASSES = 32;

/** Inflated entries that are kept in memory, so that views may lie in them in any order: a storage of 16M float32. */
export const MAX_KEPT_BYTES = 64 << 20;

/** The pickle is read whole: 100,000 tensors, which share storages, take half of this. */
export const MAX_PICKLE_BYTES = 64 << 20;

/** What reading the pickles of a file may cost: under a second, and under 200 MB with what the garbage collector adds. */
export const READING_BUDGET: BudgetLimits = { work: 700_000_000, memoryBytes: 128 << 20 };

/** How deep containers may stand in one another. */
export const MAX_DEPTH = 1_000;

/** Axes of a tensor or an array: what PyTorch and NumPy allow. */
export const MAX_AXES = 64;

/** Characters of module and name together; the longest that Python programs have are shorter by far. */
export const MAX_GLOBAL_NAME_CHARACTERS = 500;

/** Dots in them: a module lies in others, and a class in others. */
export const MAX_GLOBAL_NAME_DOTS = 32;

/** Bytes of an integer: 4,300 digits, which is Python's own limit. */
export const MAX_INTEGER_BYTES = 1_786;

/** Views may repeat the bytes of a file this many times over, all together: more serves nothing but to exhaust memory. */
export const MAX_VIEW_REPETITION = 4;

/** What views may amount to in any case, in bytes: small files hold small expanded tensors. */
export const FREE_VIEW_BYTES = 64 << 20;

/** Values that {@link toJson} may produce. */
export const MAX_JSON_VALUES = 100_000;

/** Characters of text that {@link toJson} may produce: what one pickle can hold, so that repeated texts do not add up. */
export const MAX_JSON_CHARACTERS = 64 << 20;
