import fc from 'fast-check';
import { Choices } from './choices.ts';

/**
 * What `make` makes of random choices, as fast-check wants it; a failing value is made smaller by its choices, and shown as `show`
 * writes it.
 */
export function drawn<Made extends object>(
  make: (choices: Choices) => Made,
  show: (made: Made) => string,
): fc.Arbitrary<Made> {
  return new Drawn((choices) => {
    const made = make(choices);
    return Object.defineProperty(made, fc.toStringMethod, { value: () => show(made) });
  });
}

class Drawn<Made> extends fc.Arbitrary<Made> {
  readonly #make: (choices: Choices) => Made;

  constructor(make: (choices: Choices) => Made) {
    super();
    this.#make = make;
  }

  override generate(random: fc.Random): fc.Value<Made> {
    return this.#valueOf(Choices.drawn(() => random.nextInt()));
  }

  override canShrinkWithoutContext(_value: unknown): _value is Made {
    return false;
  }

  override shrink(_value: Made, context: unknown): fc.Stream<fc.Value<Made>> {
    const list = context as readonly number[];
    return fc
      .stream(smaller(list))
      .map((fewer) => this.#valueOf(Choices.repeated(fewer)))
      .filter((value) => isSimpler(value.context as readonly number[], list));
  }

  #valueOf(choices: Choices): fc.Value<Made> {
    const made = this.#make(choices);
    const end = choices.taken.findLastIndex((choice) => choice !== 0) + 1;
    return new fc.Value(made, choices.taken.slice(0, end));
  }
}

/** Whether a list is shorter, or smaller at the first place where two differ: so making a value smaller comes to an end. */
function isSimpler(left: readonly number[], right: readonly number[]): boolean {
  if (left.length !== right.length) return left.length < right.length;
  const at = left.findIndex((choice, index) => choice !== right[index]);
  return at !== -1 && (left[at] ?? 0) < (right[at] ?? 0);
}

/** Lists that are simpler: shorter by a run, with a run of zeros, with one smaller number; the greatest steps first. */
export function* smaller(list: readonly number[]): Generator<readonly number[]> {
  const end = list.length;
  for (let run = end; run >= 1; run = Math.floor(run / 2)) {
    for (let at = 0; at + run <= end; at += run) {
      yield [...list.slice(0, at), ...list.slice(at + run)];
      if (list.slice(at, at + run).some((choice) => choice !== 0)) yield list.slice().fill(0, at, at + run);
    }
  }
  for (const [at, choice] of list.entries())
    for (const less of new Set([Math.floor(choice / 2), choice - 1])) if (less > 0) yield list.with(at, less);
}
