/** One process of a fuzz run: does its share, and tells its parent how far it is. */
import { type Extent, holdLaws, holdReviews, type Tally } from './hold.ts';

/** What one process does. */
export interface Share {
  objects: number;
  reviews: number;
  seed: number;
}

/** What it tells. */
export type Message =
  | { what: 'objects' | 'reviews'; counted: number }
  | { what: 'done'; laws: Tally | undefined; raw: Tally | undefined }
  | { what: 'broken'; problem: string };

const TOLD_EVERY = 100_000;

const { objects, reviews, seed } = JSON.parse(process.argv[2] ?? '{}') as Share;
try {
  const laws = objects > 0 ? holdLaws(extentOf('objects', objects)) : undefined;
  const raw = reviews > 0 ? holdReviews(extentOf('reviews', reviews)) : undefined;
  end({ what: 'done', laws, raw });
} catch (error) {
  end({ what: 'broken', problem: problemOf(error) });
}

function extentOf(what: 'objects' | 'reviews', count: number): Extent {
  let told = 0;
  const onProgress = (counted: number): void => {
    if (counted - told < TOLD_EVERY) return;
    told = counted;
    tell({ what, counted });
  };
  return { count, seed, onProgress };
}

/** What was broken, and fast-check's account of it: the seed, and the smallest case. */
function problemOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return [error.cause, error].map((one) => (one instanceof Error ? one.message : '')).join('\n');
}

/** Tells the last thing. The way to the parent would keep the process alive. */
function end(message: Message): void {
  process.send?.(message, () => process.disconnect());
}

function tell(message: Message): void {
  process.send?.(message);
}
