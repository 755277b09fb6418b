import { setTimeout as pause } from 'node:timers/promises';
import { type Between, type Buckets, quantileOf, readHistogram, shareWithin, since, totalOf } from './histogram.ts';
import { type Quantiles, quantilesOf, round } from './quantile.ts';
import { type Connection, withConnections } from './review-client.ts';
import { isGranted, usualRequests } from './reviews.ts';
import type { Webhook } from './servers.ts';

const HISTOGRAM = 'openfunction_webhook_review_duration_seconds';
const CONNECTIONS = 8;

/** What the goal says of the handler's p99, in seconds; a bound of the histogram. */
const HANDLER_GOAL_S = 0.002;

export interface Steady {
  reviewsPerSecond: number;
  reviews: number;
  failed: number;
  /** From the webhook's own histogram, of both reviews together and each for itself. */
  handler: Record<string, HandlerTimes>;
  /** What the client saw, exact: from when a review was due until its answer was there. */
  clientMs: Quantiles;
}

interface HandlerTimes {
  p50: Between;
  p99: Between;
  p999: Between;
  /** Percent that took at most 2 ms. */
  within2ms: number;
}

/**
 * Sends reviews at a fixed rate, mutating and validating by turns as the API server does, whether or not the last ones are answered
 * (an open loop), and reads the webhook's own histogram before and after.
 */
export async function measureSteady(
  webhook: Webhook,
  options: { perSecond: number; seconds: number },
): Promise<Steady> {
  await sendSteadily(webhook, { ...options, seconds: Math.ceil(options.seconds / 4) }); // warms up
  const before = await scrape(webhook);
  const { times, failed } = await sendSteadily(webhook, options);
  const after = await scrape(webhook);
  const histogramOf = (labels: Record<string, string>) =>
    since(readHistogram(before, HISTOGRAM, labels), readHistogram(after, HISTOGRAM, labels));
  const all = histogramOf({});
  if (totalOf(all) !== times.length) throw new Error(`${times.length} reviews, but ${totalOf(all)} in the histogram`);
  return {
    reviewsPerSecond: options.perSecond,
    reviews: times.length,
    failed,
    handler: {
      all: timesOf(all),
      mutating: timesOf(histogramOf({ review: 'mutating' })),
      validating: timesOf(histogramOf({ review: 'validating' })),
    },
    clientMs: quantilesOf(times),
  };
}

function timesOf(buckets: Buckets): HandlerTimes {
  const [p50, p99, p999] = [0.5, 0.99, 0.999].map((share) => quantileOf(buckets, share)) as [Between, Between, Between];
  return { p50, p99, p999, within2ms: round(shareWithin(buckets, HANDLER_GOAL_S) * 100) };
}

async function scrape({ healthPort }: Webhook): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${healthPort}/metrics`);
  if (!answer.ok) throw new Error(`/metrics answers ${answer.status}`);
  return await answer.text();
}

interface Sent {
  /** In milliseconds, from when each was due. */
  times: number[];
  failed: number;
}

async function sendSteadily(webhook: Webhook, options: { perSecond: number; seconds: number }): Promise<Sent> {
  return await withConnections(webhook, CONNECTIONS, async (connections) => {
    const queue = new Queue(connections);
    const total = options.perSecond * options.seconds;
    const startedAt = performance.now();
    for (let index = 0; index < total; index += 1) {
      while (performance.now() < startedAt + (index * 1000) / options.perSecond) await pause(1);
      queue.add(index);
    }
    // Ends in any case: each connection has a deadline of its own.
    while (queue.sent.times.length < total) await pause(1);
    return queue.sent;
  });
}

/** Reviews that are due; each is sent by the next connection that has nothing to do. */
class Queue {
  readonly sent: Sent = { times: [], failed: 0 };
  readonly #due: { index: number; at: number }[] = [];
  readonly #idle: Connection[];
  readonly #requests = [usualRequests('mutate'), usualRequests('validate')] as const;

  constructor(connections: readonly Connection[]) {
    this.#idle = [...connections];
  }

  add(index: number): void {
    this.#due.push({ index, at: performance.now() });
    this.#pump();
  }

  #pump(): void {
    while (this.#idle.length > 0 && this.#due.length > 0) {
      const [connection, next] = [this.#idle.pop(), this.#due.shift()];
      if (connection !== undefined && next !== undefined) void this.#ask(connection, next.index, next.at);
    }
  }

  async #ask(connection: Connection, index: number, at: number): Promise<void> {
    const requests = this.#requests[index % 2 === 0 ? 0 : 1];
    const request = requests[Math.floor(index / 2) % requests.length] as Buffer;
    const answer = await connection.ask(request).catch((error: Error) => ({ code: 0, body: error.message }));
    this.sent.times.push(performance.now() - at);
    if (answer.code !== 200 || !isGranted(answer.body)) this.sent.failed += 1;
    this.#idle.push(connection);
    this.#pump();
  }
}
