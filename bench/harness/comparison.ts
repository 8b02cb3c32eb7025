/** What was measured of one way to do something. */
export interface Series {
  readonly label: string;
  readonly values: readonly number[];
}

/** What a comparison must come to: ours divided by the reference, or ours itself. */
export type Target =
  /** `plus` is taken off ours before it is compared. */
  | { readonly kind: 'ratio' | 'value'; readonly atMost: number; readonly plus?: number }
  | { readonly kind: 'ratio'; readonly atLeast: number };

/** Ours against a reference that was measured in the same run, in turns with it. */
export interface Comparison {
  readonly title: string;
  readonly unit: 'ms' | 'kB' | 'MB' | '‰' | 'positions/s' | 'requests' | 'requests/s' | 'jobs/s' | 'MB/s';
  readonly reference?: Series;
  readonly ours: Series;
  /** Absent where the comparison only informs. */
  readonly target?: Target;
  /** The target is not one that a smoke run may fail: it says something of the machine, or compares unequal things. */
  readonly informs?: boolean;
}

/** How one benchmark is run. */
export interface BenchmarkContext {
  /** Measured runs of each contestant, after one that is not counted. */
  readonly runs: number;
  /** Whether a quick look will do. */
  readonly smoke: boolean;
  /** An empty folder on the disk that is measured; removed afterwards. */
  readonly folder: string;
  /** The checkpoint to export. */
  readonly checkpoint: string;
  /** A Python with PyTorch, if there is one. */
  readonly python: string | undefined;
  /** Tells the person who waits what is going on. */
  say(line: string): void;
}

/** One benchmark. */
export interface Benchmark {
  readonly name: string;
  readonly summary: string;
  /** Whether it asks too much of a machine to be run, but for smoke, by those who did not name it. */
  readonly onlyByName?: boolean;
  run(context: BenchmarkContext): Promise<Comparison[]>;
}
