/**
 * The source of everything that is random in a generated value: a list of whole numbers, read from its start. Behind its end every
 * choice is 0, the plainest one. A generator that reads nothing else can be repeated, and made smaller, by its list alone.
 */
export class Choices {
  readonly #taken: number[] = [];
  readonly #next: (index: number) => number;

  private constructor(next: (index: number) => number) {
    this.#next = next;
  }

  /** Choices from 32-bit numbers that somebody else draws. */
  static drawn(nextInt: () => number): Choices {
    return new Choices(() => nextInt() >>> 0);
  }

  /** Choices of their own, the same for the same seed (mulberry32). */
  static seeded(seed: number): Choices {
    let state = seed >>> 0;
    return Choices.drawn(() => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return mixed ^ (mixed >>> 14);
    });
  }

  /** The same choices once more. */
  static repeated(list: readonly number[]): Choices {
    return new Choices((index) => list[index] ?? 0);
  }

  /** What has been chosen up to now. */
  get taken(): readonly number[] {
    return this.#taken;
  }

  /** A whole number from 0 to below `count`. */
  below(count: number): number {
    const choice = this.#next(this.#taken.length) % count;
    this.#taken.push(choice);
    return choice;
  }

  /** Whether something with this chance, of 100, happens. */
  percent(chance: number): boolean {
    return this.below(100) >= 100 - chance;
  }

  /** One of the items. */
  of<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }
}
