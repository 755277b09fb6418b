import { type Meter, SECONDS_OF_WORK } from '@openfunction/telemetry';
import type { QueueStats } from './contract.ts';

/** Instruments of one queue, labelled with its name only. */
export interface QueueMeters {
  ran: (waitedSeconds: number, ranSeconds: number) => void;
  stop: () => void;
}

/**
 * Gauges `openfunction.queue.{waiting,active,delayed,oldest_age}` (the whole queue, the same from every replica) and histograms
 * `openfunction.queue.{wait,run}.duration` in seconds (this replica).
 */
export function measureQueue(
  meter: Meter | undefined,
  queue: string,
  stats: () => Promise<QueueStats | undefined>,
): QueueMeters {
  if (meter === undefined) return { ran: () => undefined, stop: () => undefined };
  const labels = { queue };
  const gauges = {
    waiting: meter.createObservableGauge('openfunction.queue.waiting', { description: 'Keys that wait' }),
    active: meter.createObservableGauge('openfunction.queue.active', { description: 'Keys being worked on' }),
    delayed: meter.createObservableGauge('openfunction.queue.delayed', { description: 'Timers that are set' }),
    oldestAgeSeconds: meter.createObservableGauge('openfunction.queue.oldest_age', {
      description: 'Age of the key that has waited longest',
      unit: 's',
    }),
  };
  const all = Object.values(gauges);
  const observe: Parameters<Meter['addBatchObservableCallback']>[0] = async (result) => {
    const now = await stats();
    if (now === undefined) return;
    for (const name of Object.keys(gauges) as (keyof QueueStats)[]) result.observe(gauges[name], now[name], labels);
  };
  meter.addBatchObservableCallback(observe, all);
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: SECONDS_OF_WORK } };
  const waited = meter.createHistogram('openfunction.queue.wait.duration', {
    ...seconds,
    description: 'Queued to taken',
  });
  const ran = meter.createHistogram('openfunction.queue.run.duration', {
    ...seconds,
    description: 'One run of the handler',
  });
  return {
    ran: (waitedSeconds, ranSeconds) => {
      waited.record(waitedSeconds, labels);
      ran.record(ranSeconds, labels);
    },
    stop: () => meter.removeBatchObservableCallback(observe, all),
  };
}
