import fc from 'fast-check';
import type { Case } from './cases.ts';
import { drawn } from './drawn.ts';
import { FAMILIES } from './laws.ts';
import { answerRaw, drawRaw, type Outcome, type RawCase, REACHED } from './raw.ts';

/** How far to go. */
export interface Extent {
  /** Cases that must count. */
  count: number;
  seed: number;
  /** Told after each batch, with the cases that count up to then. */
  onProgress?: (counted: number) => void;
}

/** What has been seen: all cases, those that count, and how often each outcome. */
export interface Tally {
  runs: number;
  counted: number;
  outcomes: Record<string, number>;
}

const BATCH = 5_000;

/**
 * Holds objects to each law; laws of one family look at the same ones. Throws, with the seed and the smallest failing case, where
 * one is broken. Every object counts; the outcomes say how many each law is about, by its name.
 */
export function holdLaws(extent: Extent): Tally {
  const tallies = FAMILIES.map(({ draw, laws }) =>
    inBatches(extent, drawn(draw, showCase), (given, outcomes) => {
      for (const { name, check } of laws) if (named(name, () => check(given))) note(outcomes, name);
      return true;
    }),
  );
  return tallies.reduce(added);
}

/** Sends raw reviews. Throws as `holdLaws` does. A review counts when the rules have judged its object, or conversion made another. */
export function holdReviews(extent: Extent): Tally {
  return inBatches(extent, drawn(drawRaw, showRaw), (raw, outcomes) => {
    const outcome: Outcome = answerRaw(raw);
    note(outcomes, outcome);
    return REACHED.has(outcome);
  });
}

/** Both together. */
export function added(left: Tally, right: Tally): Tally {
  const outcomes = { ...left.outcomes };
  for (const [outcome, times] of Object.entries(right.outcomes)) outcomes[outcome] = (outcomes[outcome] ?? 0) + times;
  return { runs: left.runs + right.runs, counted: left.counted + right.counted, outcomes };
}

function inBatches<Made>(
  { count, seed, onProgress }: Extent,
  cases: fc.Arbitrary<Made>,
  counts: (made: Made, outcomes: Tally['outcomes']) => boolean,
): Tally {
  const tally: Tally = { runs: 0, counted: 0, outcomes: {} };
  const property = fc.property(cases, (made) => {
    tally.runs += 1;
    if (counts(made, tally.outcomes)) tally.counted += 1;
  });
  for (let batch = 0; tally.counted < count; batch += 1) {
    // fast-check mixes the seed well: neighbours have nothing in common.
    fc.assert(property, { numRuns: Math.min(BATCH, count - tally.counted), seed: seed + batch });
    onProgress?.(tally.counted);
  }
  return tally;
}

/** Runs it; what it throws says which law was broken. */
function named<Result>(name: string, run: () => Result): Result {
  try {
    return run();
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function note(outcomes: Tally['outcomes'], outcome: string): void {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
}

function showCase({ reviewed, ...rest }: Case): string {
  return JSON.stringify({ version: reviewed.version, ...rest });
}

function showRaw({ review, reviewed, text }: RawCase): string {
  return `${review} review of ${reviewed.kind.kind} ${reviewed.version}: ${text}`;
}
