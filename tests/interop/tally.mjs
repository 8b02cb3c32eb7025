// Gathers what the check scripts found, and says it once per group.

const STATUSES = ['passed', 'failed', 'skipped'];

/** Counts results by group. */
export class Tally {
  #groups = new Map();

  /** One result: `{group, case, status, detail}`. */
  add({ group, case: name, status, detail }) {
    const found = this.#groups.get(group) ?? { passed: 0, failed: 0, skipped: 0, remarks: new Set() };
    this.#groups.set(group, found);
    found[status]++;
    if (status === 'failed') found.remarks.add(`${name}: ${detail}`);
    if (status === 'skipped') found.remarks.add(detail);
  }

  /** Lines for a person: each group once, with what failed or was left out below it. */
  takeLines() {
    const lines = [...this.#groups].flatMap(([group, { remarks, ...counts }]) => {
      const mark = counts.failed > 0 ? 'FAILED' : counts.passed > 0 ? 'ok' : 'skipped';
      const numbers = STATUSES.filter((status) => counts[status] > 0).map((status) => `${counts[status]} ${status}`);
      return [
        `${mark.padEnd(8)}${group} (${numbers.join(', ')})`,
        ...[...remarks].map((remark) => `          ${remark}`),
      ];
    });
    for (const [group, counts] of this.#groups) this.#totals(group, counts);
    this.#groups = new Map();
    return lines;
  }

  totals = { passed: 0, failed: 0, skipped: 0 };

  #totals(_group, counts) {
    for (const status of STATUSES) this.totals[status] += counts[status];
  }

  /** The line that sums up a run, such as `312 passed, 0 failed`. */
  get summary() {
    const { passed, failed, skipped } = this.totals;
    return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  }
}
