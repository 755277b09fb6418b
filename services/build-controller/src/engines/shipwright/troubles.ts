import { ANNOTATION, isGiven } from '@openfunction/api';
import {
  isUnpulled,
  plain,
  pullCause,
  quotaCause,
  quotaDemand,
  REFUSED_POD,
  schedulingCause,
  securityCause,
} from '@openfunction/controller/pods';
import type { Facts } from './evidence.ts';
import { GIT_TROUBLES } from './git-troubles.ts';
import { unusedCredentials } from './params.ts';
import { isStep } from './pod.ts';
import { explainRefusal, isRefusal } from './registration.ts';
import { outOfTime, rebuildsBy, type TimeLimit, timeLimit } from './time-limit.ts';
import { isSource, match, NO_HOST, said, type Trouble, where } from './trouble.ts';

/** What registries and their clients say when they refuse; a file that may not be opened says `permission denied`. */
const DENIED =
  /(?<!permission )\bdenied\b|unauthorized|authentication required|insufficient_scope|\b40[13] (?:unauthorized|forbidden)\b|no basic auth credentials|ensure registry read\/write access/i;
const OF_REGISTRY =
  /https?:\/\/|docker:\/\/|\/v2\/|registry|requested access|push|pull|auth token|manifest|blob|image/i;
const OF_PUSH = /\bpush|\bexport|\bPUT\b|\bPOST\b|write (?:access|image)|blob upload|read\/write access/i;
const DISK_FULL = /no space left on device|disk quota exceeded|ENOSPC/i;
/** Shipwright, of a variable of the Build that a step of the strategy has too (pkg/env). */
const SET_TWICE = /environment variable "([^"]+)" already exists/;

export const TROUBLES: readonly Trouble[] = [
  {
    reason: ({ registration }) => registration.reason ?? 'BuildRegistrationFailed',
    isIt: ({ reason, registration }) => reason === 'BuildRegistrationFailed' && registration.registered === 'False',
    cause: (facts) => explainRefusal(facts).cause,
    next: (facts) => explainRefusal(facts).next,
    rebuilds: (facts) => explainRefusal(facts).rebuilds,
  },
  {
    reason: ({ reason }) => reason,
    isIt: ({ reason }) => isRefusal(reason),
    cause: (facts) => explainRefusal({ ...facts, registration: facts }).cause,
    next: (facts) => explainRefusal({ ...facts, registration: facts }).next,
    rebuilds: (facts) => explainRefusal({ ...facts, registration: facts }).rebuilds,
  },
  {
    reason: 'ServiceAccountNotFound',
    isIt: ({ reason }) => reason === 'ServiceAccountNotFound',
    cause: ({ message }) => message,
    next: () => 'Create the ServiceAccount',
    rebuilds: 'no',
  },
  {
    reason: 'UnsupportedEnv',
    isIt: ({ message }) => SET_TWICE.test(message),
    cause: ({ strategy, message }) =>
      `a step of ${strategy.kind} ${strategy.name} sets ${namesSetTwice(message)} itself, so spec.build.env cannot`,
    next: ({ message }) => `Remove ${namesSetTwice(message)} from spec.build.env`,
    rebuilds: 'yes',
  },
  {
    reason: 'PodSecurity',
    isIt: ({ message }) => REFUSED_POD.security.test(message),
    cause: ({ namespace, strategy, message }) =>
      `namespace ${namespace} does not admit the pod that ${strategy.kind} ${strategy.name} asks for: ${securityCause(message)}`,
    next: ({ namespace }) =>
      `Choose a strategy that needs less (spec.build.shipwright.strategy), or ask for a wider level: label pod-security.kubernetes.io/enforce of Namespace ${namespace}`,
    rebuilds: 'perhaps',
  },
  {
    reason: 'QuotaIncomplete',
    isIt: ({ message }) => REFUSED_POD.quotaIncomplete.test(message),
    cause: ({ namespace, message }) =>
      `a ResourceQuota of namespace ${namespace} refuses the pod: ${quotaDemand(message)}`,
    next: ({ namespace }) =>
      `Set defaults by the annotation ${ANNOTATION.buildLimits} of Namespace ${namespace} (e.g. cpu=1,memory=1Gi), or by a LimitRange in namespace ${namespace}`,
    rebuilds: 'no',
  },
  {
    reason: 'QuotaExceeded',
    isIt: ({ message }) => REFUSED_POD.quotaExceeded.test(message),
    cause: ({ namespace, message }) =>
      `a ResourceQuota of namespace ${namespace} leaves no room for the pod: ${quotaCause(message)}`,
    next: ({ namespace }) =>
      `Wait for other pods to end, raise the quota (kubectl describe quota -n ${namespace}), or ask for less in the strategy; tried again every minute`,
    rebuilds: 'no',
    waits: true,
  },
  {
    reason: 'ImagePullFailed',
    isIt: ({ reason, step }) => /^(TaskRunImagePullFailed|PullImageFailed)$/.test(reason) || isUnpulled(step),
    cause: unpulledCause,
    next: pullCure,
    rebuilds: 'perhaps',
    waits: true,
  },
  {
    reason: 'CreateContainerConfigError',
    isIt: ({ reason, step }) =>
      reason === 'CreateContainerConfigError' || step?.waiting?.reason === 'CreateContainerConfigError',
    cause: (facts) =>
      `${where(facts)}the container cannot be made: ${plain(facts.step?.waiting?.message ?? '') || facts.message}`,
    next: ({ strategy }) =>
      `Create what is missing: a Secret or ConfigMap that ${strategy.kind} ${strategy.name} or spec.build.shipwright.params reads`,
    rebuilds: 'no',
    waits: true,
  },
  {
    reason: 'Unschedulable',
    isIt: ({ reason, pod }) => reason === 'ExceededNodeResources' || (pod?.unschedulable ?? '') !== '',
    cause: ({ pod, message }) =>
      `no node takes pod ${pod?.name ?? ''}: ${schedulingCause(pod?.unschedulable ?? message)}`,
    next: ({ strategy }) => `Add a node or free one, or ask for less in ${strategy.kind} ${strategy.name}`,
    rebuilds: 'no',
    waits: true,
  },
  {
    reason: 'PodEvicted',
    isIt: ({ reason, pod }) => reason === 'PodEvicted' || pod?.reason === 'Evicted',
    cause: ({ pod, message }) =>
      `pod ${pod?.name ?? ''} was evicted from its node: ${plain(pod?.message ?? '') || message || 'the node ran short of a resource'}`,
    next: ({ strategy }) =>
      `Request what the build needs in ${strategy.kind} ${strategy.name} (memory, ephemeral-storage) or free the node`,
    rebuilds: 'no',
  },
  {
    reason: 'StepOutOfMemory',
    isIt: ({ reason, step }) => reason === 'StepOutOfMemory' || step?.terminated?.reason === 'OOMKilled',
    cause: (facts) => `${where(facts)}out of memory: the container was killed at its memory limit`,
    next: ({ strategy, stepName }) =>
      `Raise resources.limits.memory of ${stepName} in ${strategy.kind} ${strategy.name}, or build less at a time`,
    rebuilds: 'no',
  },
  {
    reason: 'BuildRunTimeout',
    isIt: ({ reason }) => reason === 'BuildRunTimeout',
    cause: ({ message, lastSeen }) => `the build did not end within its timeout${limit(message)}${lastSeen}`,
    next: ({ builder }) => outOfTime(limitField(builder)),
    rebuilds: ({ builder }) => rebuildsBy(limitField(builder)),
  },
  ...GIT_TROUBLES,
  {
    reason: 'PushDenied',
    isIt: (facts) => !isSource(facts) && isPush(facts),
    cause: (facts) => `${where(facts)}the registry refused to take ${facts.builder.spec.image}: ${deniedLine(facts)}`,
    next: ({ builder, namespace }) =>
      isGiven(builder.spec.imageCredentials?.name)
        ? `Check that Secret ${namespace}/${builder.spec.imageCredentials.name} (spec.imageCredentials) may push there`
        : `Create a docker-registry Secret in namespace ${namespace} that may push, and name it in spec.imageCredentials`,
    rebuilds: 'perhaps',
  },
  {
    reason: 'RegistryDenied',
    isIt: (facts) => !isSource(facts) && deniedLine(facts) !== '',
    cause: (facts) => `${where(facts)}a registry refused access: ${deniedLine(facts)}`,
    next: () =>
      'Check the name of each image that the build uses, and that the Secret in spec.imageCredentials may read it',
    rebuilds: 'perhaps',
  },
  {
    reason: 'HostUnknown',
    isIt: ({ text }) => NO_HOST.test(text),
    cause: (facts) => `${where(facts)}host ${match(NO_HOST, facts.text)} is unknown`,
    next: () => 'Check the name in spec.image, spec.build and the source, and the DNS of this cluster',
    rebuilds: 'perhaps',
  },
  {
    reason: 'DiskFull',
    isIt: ({ text }) => DISK_FULL.test(text),
    cause: (facts) => `${where(facts)}no space left on the device`,
    next: () => 'Free space on the node, or give the build more ephemeral storage',
    rebuilds: 'no',
  },
  {
    reason: ({ detailReason, reason }) => detailReason || reason,
    isIt: ({ stepName }) => stepName !== '',
    cause: (facts) => stepCause(facts),
    next: (facts) =>
      isSource(facts) ? 'Check spec.build.srcRepo' : 'Correct the source or the build settings in spec.build',
    rebuilds: 'perhaps',
  },
  {
    reason: ({ reason }) => reason,
    isIt: () => true,
    cause: ({ message, detail }) => detail || message || 'it failed, and nothing says why',
    next: () => 'Correct spec.build, or what the build needs',
    rebuilds: 'perhaps',
  },
];

function stepCause(facts: Facts): string {
  const words = said(facts);
  return `${where(facts)}the step failed${words === '' ? '' : `: ${words}`}`;
}

function namesSetTwice(message: string): string {
  const names = [...message.matchAll(new RegExp(SET_TWICE, 'g'))].map(([, name]) => name);
  return [...new Set(names)].join(', ');
}

/** As Shipwright says it: `BuildRun <name> failed to finish within <time>`. */
function limit(message: string): string {
  const time = message.match(/within (\S+)$/)?.[1];
  return time === undefined ? '' : ` of ${time}`;
}

function limitField(builder: Facts['builder']): TimeLimit['field'] {
  return timeLimit(builder)?.field ?? 'spec.build.timeout';
}

/** Told from a refused pull by the words beside it, or by the image it is about. */
function isPush(facts: Facts): boolean {
  const line = deniedLine(facts);
  const repository = facts.builder.spec.image.replace(/@.*$/, '').replace(/:[^/]*$/, '');
  if (line === '') return false;
  return OF_PUSH.test(line) || line.includes(repository) || (!line.includes('/') && OF_PUSH.test(facts.text));
}

/** The last line that tells of a registry's refusal; empty when there is none. */
function deniedLine({ text }: Facts): string {
  const lines = text.split('\n').filter((line) => DENIED.test(line) && OF_REGISTRY.test(line));
  return plain(lines.at(-1) ?? '').slice(0, 300);
}

function unpulledCause(facts: Facts): string {
  const unused = isOurs(facts) ? unusedCredentials(facts.builder.spec, facts.version) : undefined;
  const cause = `${where(facts)}image ${stepImage(facts)} cannot be pulled${pullCause(facts.message)}`;
  return unused === undefined ? cause : `${cause}. Without effect: ${unused}`;
}

function pullCure(facts: Facts): string {
  const image = isOurs(facts)
    ? "the image's name (spec.build.builder, or the strategy)"
    : "the images that Tekton's own containers are configured to have";
  return `Check ${image}, that this cluster reaches its registry, and that its nodes may pull it`;
}

/** Not about a container that Tekton adds. */
function isOurs({ stepName }: Facts): boolean {
  return stepName === '' || isStep(stepName);
}

function stepImage({ step, message }: Facts): string {
  return step?.image || message.match(/pull(?:ing)? image \\?"([^"\\]+)/i)?.[1] || 'of a step';
}
