/**
 * What a pod tells of why it does not run, and the API server of what it refuses, for statuses that people read: pure, so that pages
 * which decide may use it.
 */
export { plain, TAIL, tailOf } from './log-tail.ts';
export {
  type ContainerFacts,
  type Ended,
  hasLog,
  isMisconfigured,
  isUnpulled,
  type PodFacts,
  readPod,
  trimPod,
} from './pod.ts';
export { explainRefusal } from './refusal-words.ts';
export { redact } from './secrets.ts';
export {
  pullCause,
  quotaCause,
  quotaDemand,
  REFUSED_POD,
  schedulingCause,
  securityCause,
  sentence,
} from './words.ts';
