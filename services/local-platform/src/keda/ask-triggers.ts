import { explain } from '@openfunction/errors';
import { makeTrigger, type Reading, type Trigger, type TriggerSpec } from './trigger.ts';

/** What the triggers of one object say now. */
export interface Answers {
  readings: Reading[];
  /** What is wrong with the triggers as they are written. */
  fault?: string;
  /** Why one could not be asked. */
  trouble?: string;
}

/** Asks every trigger. A trigger that is wrong is a fault of the object: then none is asked. */
export async function askTriggers(
  specs: readonly TriggerSpec[],
  env: Readonly<Record<string, string>>,
  now: Date,
): Promise<Answers> {
  let triggers: Trigger[];
  try {
    triggers = specs.map((spec) => makeTrigger(spec, env));
  } catch (error) {
    return { readings: [], fault: explain(error) };
  }
  const settled = await Promise.allSettled(triggers.map((trigger) => trigger(now)));
  const readings = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = settled.find((one) => one.status === 'rejected');
  return { readings, ...(failed !== undefined && { trouble: explain(failed.reason) }) };
}
