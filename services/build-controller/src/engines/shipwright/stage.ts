import type { KubeObject } from '@openfunction/api';
import { currentStep, readBuildPod } from './pod.ts';
import { runStatusOf, succeededOf } from './status.ts';

/** Where a build is: queued, cloning, building or pushing. */
export interface Stage {
  /** As the user reads it, with the time since when; that time does not move. */
  text: string;
  since: Date | undefined;
}

/** What a step does, by its name; the first row that matches counts. Steps of a strategy are otherwise building. */
const WORK: readonly (readonly [RegExp, string])[] = [
  [/^step-source/, 'cloning'],
  [/build-and-push/, 'building and pushing'],
  [/image-processing|push|export|publish/, 'pushing'],
];

/**
 * The stage of a run that is not over. Its pod's containers tell; before there is a pod, and while it waits for a node or its
 * images, the build is queued.
 */
export function readStage(run: KubeObject, pod: KubeObject | undefined): Stage {
  if (pod === undefined) return withoutPod(run);
  const facts = readBuildPod(pod);
  const step = currentStep(facts);
  if (step !== undefined) return stage(workOf(step.name), step.since, ` (pod ${facts.name}, ${step.name})`);
  const ended = facts.steps.length > 0 && facts.steps.every(({ terminated }) => terminated !== undefined);
  if (ended) return stage('ending', facts.steps.at(-1)?.terminated?.finishedAt, ` (pod ${facts.name})`);
  return stage('queued', run.metadata.creationTimestamp, '');
}

/** A builder that is not Tekton has no pod, and one whose pod is not known yet may run already. */
function withoutPod(run: KubeObject): Stage {
  if (succeededOf(run)?.reason === 'Running') return stage('running', runStatusOf(run).startTime, '');
  return stage('queued', run.metadata.creationTimestamp, '');
}

function workOf(step: string): string {
  return WORK.find(([pattern]) => pattern.test(step))?.[1] ?? 'building';
}

function stage(word: string, since: string | undefined, where: string): Stage {
  const time = since === undefined ? undefined : new Date(since);
  return { text: `${word}${since === undefined ? '' : ` since ${since}`}${where}`, since: time };
}
