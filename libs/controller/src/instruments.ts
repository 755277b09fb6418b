import type { WorkQueue } from '@openfunction/queue';
import { meter, SECONDS_OF_WORK } from '@openfunction/telemetry';

/** The metrics of a controller. Names and meanings stand in each service's README; labels never hold object names. */
export interface Instruments {
  /** A job waited this many milliseconds in the queue. */
  waited: (milliseconds: number) => void;
  /** A reconcile ended. */
  reconciled: (outcome: string, milliseconds: number) => void;
}

export function makeInstruments(controller: string, queue: WorkQueue): Instruments {
  const seconds = { unit: 's', advice: { explicitBucketBoundaries: SECONDS_OF_WORK } };
  const duration = meter().createHistogram('openfunction.reconcile.duration', {
    ...seconds,
    description: 'Time of one reconcile',
  });
  const wait = meter().createHistogram('openfunction.queue.wait', {
    ...seconds,
    description: 'Time a key waited in the queue',
  });
  const depth = meter().createObservableGauge('openfunction.queue.keys', {
    description: 'Keys in the queue, by state',
  });
  depth.addCallback(async (result) => {
    if (!queue.ready()) return;
    const { waiting, active, delayed } = await queue.stats();
    for (const [state, count] of Object.entries({ waiting, active, delayed }))
      result.observe(count, { controller, state });
  });
  return {
    waited: (milliseconds) => wait.record(milliseconds / 1000, { controller }),
    reconciled: (outcome, milliseconds) => duration.record(milliseconds / 1000, { controller, outcome }),
  };
}
