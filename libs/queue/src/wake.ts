import type { Wake } from './contract.ts';
import { mergeFloors } from './floor.ts';

/** One wake-up that stands for both: nothing that either of them asked for is lost. */
export function mergeWakes(earlier: Wake, later: Wake): Wake {
  const merged: Wake = {};
  if (earlier.floor !== undefined || later.floor !== undefined) merged.floor = mergeFloors(earlier.floor, later.floor);
  const traceparent = later.traceparent ?? earlier.traceparent;
  if (traceparent !== undefined) merged.traceparent = traceparent;
  if (earlier.priority === 'low' && later.priority === 'low') merged.priority = 'low';
  if (earlier.failureReset || later.failureReset) merged.failureReset = true;
  return merged;
}
