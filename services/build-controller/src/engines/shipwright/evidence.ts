import type { Builder, KubeObject } from '@openfunction/api';
import { plain, redact, tailOf } from '@openfunction/controller/pods';
import {
  type BuildPod,
  failedStep,
  misconfiguredContainer,
  readBuildPod,
  type Step,
  unpulledContainer,
} from './pod.ts';
import { type BuildStatus, buildStatusOf, failureOf, succeededOf } from './status.ts';
import { type Strategy, strategyOf } from './strategy.ts';

/** All that is known of one build when it has to be explained. What is not known is undefined. */
export interface Evidence {
  builder: Builder;
  run: KubeObject;
  build?: KubeObject | undefined;
  pod?: KubeObject | undefined;
  /** The end of the failed step's log. */
  log?: string | undefined;
}

/** The evidence, read once: what the rows of `failure.ts` ask. Foreign text in it is on one line and without credentials. */
export interface Facts {
  builder: Builder;
  namespace: string;
  run: string;
  /** Of Shipwright's API, as the run has it. */
  version: string;
  /** Of the run's condition `Succeeded`. */
  reason: string;
  message: string;
  /** Shipwright's `failureDetails`: what the step itself gave as its error. */
  detailReason: string;
  detail: string;
  registration: BuildStatus;
  strategy: Strategy;
  pod: BuildPod | undefined;
  /** The step it is about, e.g. `step-build-and-push`, or a container of Tekton's own, e.g. `prepare`; empty when it is about none. */
  stepName: string;
  step: Step | undefined;
  /** `; last seen: …`, or empty. */
  lastSeen: string;
  /** The last lines of its log, ready to be shown. */
  tail: string;
  /** Everything that was said, to be searched for known errors. */
  text: string;
}

export function readFacts({ builder, run, build, pod, log }: Evidence): Facts {
  const condition = succeededOf(run) ?? { reason: '', message: '' };
  const { reason: detailReason = '', message: rawDetail = '', location } = failureOf(run);
  const facts = pod === undefined ? undefined : readBuildPod(pod);
  const step = facts === undefined ? undefined : stepInTrouble(facts, location?.container);
  const isLog = rawDetail.trim().includes('\n');
  const tail = tailOf(log ?? (isLog ? rawDetail : undefined));
  const message = plain(condition.message);
  return {
    builder,
    namespace: builder.metadata.namespace ?? '',
    run: run.metadata.name,
    version: run.apiVersion.slice(run.apiVersion.indexOf('/') + 1),
    reason: condition.reason,
    message,
    detailReason,
    detail: isLog ? '' : plain(rawDetail),
    registration: buildStatusOf(build),
    strategy: strategyOf(builder, build),
    pod: facts,
    stepName: step?.name ?? location?.container ?? stepIn(message),
    step,
    lastSeen: lastSeenOf(builder),
    tail,
    text: [message, plain(rawDetail), redact(log ?? '')].join('\n'),
  };
}

/** Tekton's message names the step when the pod has gone with the failure. */
function stepIn(message: string): string {
  const name = message.match(/^the step "([^"]+)"/)?.[1];
  return name === undefined ? '' : `step-${name}`;
}

function stepInTrouble(pod: BuildPod, named: string | undefined): Step | undefined {
  const step = pod.steps.find(({ name }) => name === named);
  return step ?? failedStep(pod) ?? unpulledContainer(pod) ?? misconfiguredContainer(pod);
}

/**
 * What the Builder said last of a build that is stopped for its time: the pod that it waited for goes with it, and its cause
 * would be lost.
 */
export function lastSeenOf(builder: Builder): string {
  const ready = builder.status?.conditions?.find(({ type }) => type === 'Ready');
  const words = ready?.message.replace(/^Build(?:Run)? \S+: /, '').replace(/\.?(?: More: kubectl .*)?$/, '') ?? '';
  return words === '' ? '' : `; last seen: ${words}`;
}
