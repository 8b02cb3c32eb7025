/** Ends what was begun with a stage; told the code of the error if the attempt failed in it. */
type EndStage = (failure?: string) => void;

/** Follows the stages that a job reports of itself: each one lasts until the next, or until the attempt is over. */
export class StageFollower {
  readonly #begin: (stage: string) => EndStage | undefined;
  #stage: string | undefined;
  #end: EndStage | undefined;

  /** @param begin called when a stage begins; answers what to call at its end */
  constructor(begin: (stage: string) => EndStage | undefined) {
    this.#begin = begin;
  }

  /** The job is in this stage now; it may have been before. */
  enter(stage: string): void {
    if (stage === this.#stage) return;
    this.leave();
    this.#stage = stage;
    this.#end = this.#begin(stage);
  }

  /** The attempt is over. @param failure code of the error that it failed with */
  leave(failure?: string): void {
    this.#end?.(failure);
    this.#end = undefined;
  }
}
