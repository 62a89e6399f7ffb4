// When to start the server again after it has ended by itself: at once, then later and later, then not any more.

const WINDOW_MS = 180_000;
const WAITS_MS = [0, 1000, 4000, 10_000];

export class Crashes {
  #times: number[] = [];

  /** Milliseconds to wait before the next start; undefined: it has ended too often, leave it. */
  next(now: number): number | undefined {
    this.#times = [...this.#times.filter(time => now - time < WINDOW_MS), now];
    return WAITS_MS[this.#times.length - 1];
  }

  get count(): number {
    return this.#times.length;
  }

  forget(): void {
    this.#times = [];
  }
}
