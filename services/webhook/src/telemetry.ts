import { randomUUID } from 'node:crypto';
import { type ReviewContext, traceparentOf } from '@openfunction/admission';
import { activeTraceparent, isTraceparent, type Logger, meter, withSpan } from '@openfunction/telemetry';
import type { Outcome, Route } from './reviews.ts';

const METRICS = {
  reviews: {
    name: 'openfunction_webhook_reviews',
    description: 'Reviews answered, by kind, review, operation and verdict.',
  },
  refused: {
    name: 'openfunction_webhook_refused',
    description: 'Requests refused before a review, by HTTP code.',
  },
  duration: {
    name: 'openfunction_webhook_review_duration_seconds',
    description: 'Time from the review being parsed to the answer being ready.',
  },
} as const;

const SECONDS = [0.0001, 0.0002, 0.0003, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5];

/** How a review came. */
export interface Arrival {
  /** The trace context of the API server's request, if it sent one. */
  traceparent: string | undefined;
  /** When its body had been read (`performance.now()`). */
  readAt: number;
}

/** Runs reviews inside a span, counts and logs them. Values of the object never get into any of it. */
export class ReviewObserver {
  readonly #logger: Logger;
  readonly #reviews = meter().createCounter(METRICS.reviews.name, METRICS.reviews);
  readonly #refused = meter().createCounter(METRICS.refused.name, METRICS.refused);
  readonly #duration = meter().createHistogram(METRICS.duration.name, {
    ...METRICS.duration,
    unit: 's',
    advice: { explicitBucketBoundaries: SECONDS },
  });

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** Counts a request that was no review or found no room. */
  refused(code: number): void {
    this.#refused.add(1, { code });
  }

  /** Reviews a body on a route. */
  run(
    route: Route,
    body: unknown,
    { traceparent: header, readAt }: Arrival,
    context: Omit<ReviewContext, 'newTraceparent'>,
  ): Promise<Outcome> {
    const { kind, review } = route;
    const attributes = { 'openfunction.kind': kind, 'openfunction.review': review };
    const traceparent = [traceparentOf(body), header].find(isTraceparent);
    return withSpan(`review ${review}`, { kind: 'SERVER', traceparent, attributes }, async (span) => {
      const reviewed = route.run(body, { ...context, newTraceparent });
      const { verdict, operation, key, problems } = reviewed;
      span.setAttributes({
        'openfunction.key': key,
        'openfunction.verdict': verdict,
        'openfunction.operation': operation,
      });
      this.#duration.record((performance.now() - readAt) / 1000, { kind, review });
      this.#reviews.add(1, { kind, review, operation, verdict });
      const level = verdict === 'allowed' ? 'debug' : 'info';
      this.#logger[level]({ object: `${kind} ${key}`, review, operation, problems }, `review ${verdict}`);
      return reviewed;
    });
  }
}

/** The trace of a change that begins here: that of the running span, else one of its own, so that later stages have one in common. */
function newTraceparent(): string {
  const active = activeTraceparent();
  if (active !== undefined) return active;
  // Node draws UUIDs from a pool; a call for random bytes of their own costs ten times as much.
  const [trace, span] = [randomUUID(), randomUUID()].map((uuid) => uuid.replaceAll('-', ''));
  return `00-${trace}-${span?.slice(-16)}-01`;
}
