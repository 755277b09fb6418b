import type { KubeObject } from '@openfunction/api';
import {
  type ContainerFacts,
  isMisconfigured,
  isUnpulled,
  type PodFacts,
  readPod,
} from '@openfunction/controller/pods';

/** One container of a build's pod; a step, where Tekton named it `step-<name>`. */
export type Step = ContainerFacts;

/** What the pod of a build tells, in the order in which its steps run. */
export interface BuildPod extends PodFacts {
  steps: Step[];
}

const STEP = /^step-/;

/** Label on the pod: Shipwright puts it on its TaskRun, and Tekton copies it. */
export const RUN_LABEL = 'buildrun.shipwright.io/name';

export function readBuildPod(pod: KubeObject): BuildPod {
  const facts = readPod(pod);
  return { ...facts, steps: facts.containers.filter(({ name }) => isStep(name)) };
}

/** The step that failed: the first in order, as Tekton ends the ones behind it with an error too. */
export function failedStep({ steps }: BuildPod): Step | undefined {
  return steps.find(({ terminated }) => terminated !== undefined && terminated.exitCode !== 0);
}

/** Whether a container is one of the strategy's or of Shipwright's; the others are Tekton's own. */
export function isStep(container: string): boolean {
  return STEP.test(container);
}

/** A container whose image the kubelet cannot get. Those that Tekton adds, before the steps and beside them, hold a build up too. */
export function unpulledContainer({ containers }: BuildPod): Step | undefined {
  return containers.find(isUnpulled);
}

/** A container that cannot be made, e.g. because a Secret it reads is missing. */
export function misconfiguredContainer({ containers }: BuildPod): Step | undefined {
  return containers.find(isMisconfigured);
}

/** The step at work: all containers run from the start, each waits for the one before it to end (Tekton's entrypoint). */
export function currentStep({ steps }: BuildPod): (Step & { since: string | undefined }) | undefined {
  const at = steps.findIndex(({ terminated }) => terminated === undefined);
  const step = steps[at];
  if (step?.running === undefined) return undefined;
  return { ...step, since: steps[at - 1]?.terminated?.finishedAt ?? step.running.startedAt };
}
