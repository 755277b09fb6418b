import fc from 'fast-check';
import { Choices } from './choices.ts';

/** What `make` makes of random choices, as fast-check wants it; a failing value is made smaller by its choices. */
export function drawn<Made>(make: (choices: Choices) => Made): fc.Arbitrary<Made> {
  return new Drawn(make);
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
    return fc.stream(smaller(context as readonly number[])).map((list) => this.#valueOf(Choices.repeated(list)));
  }

  #valueOf(choices: Choices): fc.Value<Made> {
    const made = this.#make(choices);
    return new fc.Value(made, choices.taken);
  }
}

/** Lists that are simpler: shorter by a run, with a run of zeros, with one smaller number; the greatest steps first. */
export function* smaller(list: readonly number[]): Generator<readonly number[]> {
  const end = list.findLastIndex((choice) => choice !== 0) + 1;
  // Behind the end of a list every choice is 0 anyway.
  if (end < list.length && end > 0) yield list.slice(0, end);
  for (let run = end; run >= 1; run = Math.floor(run / 2)) {
    for (let at = 0; at + run <= end; at += run) {
      yield [...list.slice(0, at), ...list.slice(at + run, end)];
      if (list.slice(at, at + run).some((choice) => choice !== 0)) yield list.slice(0, end).fill(0, at, at + run);
    }
  }
  for (const [at, choice] of list.slice(0, end).entries())
    for (const less of new Set([choice % 100, Math.floor(choice / 2), choice - 1]))
      if (less >= 0 && less < choice) yield list.slice(0, end).with(at, less);
}
