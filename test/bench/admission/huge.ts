import type { Review } from './paths.ts';
import { type Quantiles, quantilesOf } from './quantile.ts';
import { withConnections } from './review-client.ts';
import { isGranted, requestOf } from './reviews.ts';
import { hugeFunction } from './sample.ts';
import type { ReviewServer } from './servers.ts';

interface Huge {
  reviews: number;
  accepted: number;
  /** What the client saw. */
  clientMs: Quantiles;
}

/** Reviews of one Function of 1 MiB, one after another. */
export function measureHuge(server: ReviewServer, review: Review, reviews: number): Promise<Huge> {
  return withConnections(server, 1, async ([connection]) => {
    if (connection === undefined) throw new Error('no connection');
    const request = requestOf(review, hugeFunction('huge', 'shop'));
    const times: number[] = [];
    let accepted = 0;
    for (let turn = 0; turn < reviews; turn += 1) {
      const startedAt = performance.now();
      const { code, body } = await connection.ask(request);
      times.push(performance.now() - startedAt);
      if (code === 200 && isGranted(body)) accepted += 1;
    }
    return { reviews, accepted, clientMs: quantilesOf(times) };
  });
}
