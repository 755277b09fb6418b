import type { KubeObject } from '@openfunction/api';
import { plain } from '@openfunction/controller/pods';
import { afterPatience } from './outage.ts';
import { findTrouble, inTrouble, isHard } from './pod-troubles.ts';
import { isRefusedPod, refusedPod } from './refused-pod.ts';
import { describe, type Look, onItsWay, RUNS, troubled, type Verdict } from './verdict.ts';

interface KnativeCondition {
  type: string;
  status: Verdict['ready'];
  reason?: string;
  message?: string;
}

interface KnativeStatus {
  observedGeneration?: number;
  latestCreatedRevisionName?: string;
  conditions?: KnativeCondition[];
}

/** What of a Revision tells why it is not ready, the most telling first. */
const OF_REVISION = ['ContainerHealthy', 'ResourcesAvailable', 'Ready'];
/** What of a Service does: `Ready` and `RoutesReady` often say no more than that there is no ready Revision. */
const OF_SERVICE = ['ConfigurationsReady', 'RoutesReady', 'Ready'];

/**
 * A Knative Service (controllers.md §3.9): its Ready condition, once it speaks of the present spec. Why it is not ready is told by its
 * Revision (quota, PodSecurity, an image that nobody knows) or, where Knative says nothing before ten minutes have passed (a pull that
 * fails, a crash, a probe, no node), by the pods.
 */
export function judgeKnative(service: KubeObject, revisions: readonly KubeObject[], look: Look): Verdict {
  const { observedGeneration, latestCreatedRevisionName, conditions } = statusOf(service);
  if (observedGeneration !== service.metadata.generation) return onItsWay(service, 'Knative has not looked at it yet');
  const ready = conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return whetherOut(service, look);
  const revision = revisions.find(({ metadata }) => metadata.name === latestCreatedRevisionName);
  const [subject, told] = tellingOf(revision, OF_REVISION) ?? tellingOf(service, OF_SERVICE) ?? [];
  const isDown = ready?.status === 'False' || told !== undefined;
  const trouble = findTrouble(look.pods, look.now);
  if (trouble !== undefined) {
    const isOut = isDown || (isHard(trouble) && !look.hasRun);
    return afterPatience(service, inTrouble(service, isOut ? 'False' : 'Unknown', trouble, look), look);
  }
  if (isDown) return whyFailed(service, subject ?? service, told ?? ready);
  return onItsWay(service, plain(ready?.message ?? '') || 'it is starting');
}

/** Once ready, a Revision stays so for Knative, whatever becomes of its pods; at zero there is none. */
function whetherOut(service: KubeObject, look: Look): Verdict {
  const trouble = look.hasRun ? findTrouble(look.pods, look.now) : undefined;
  if (trouble === undefined) return RUNS;
  const { again, ...verdict } = afterPatience(service, inTrouble(service, 'Unknown', trouble, look), look);
  return verdict.lasts === true ? verdict : { ...RUNS, ...(again !== undefined && { again }) };
}

function whyFailed(service: KubeObject, subject: KubeObject, told: KnativeCondition | undefined): Verdict {
  const { reason = '', message = '' } = told ?? {};
  if (isRefusedPod(message)) return troubled(service, 'False', refusedPod(service, reason, message));
  const where = subject === service ? '' : `Revision ${subject.metadata.name}: `;
  const cause = `${where}${plain(message) || 'it is not ready, and does not say why'}`;
  return troubled(service, 'False', { reason, cause, next: nextFor(reason, message), more: describe(subject) });
}

function nextFor(reason: string, message: string): string {
  if (/ContainerMissing|image|manifest/i.test(`${reason} ${message}`)) {
    return 'Check the name in spec.image, that this cluster reaches its registry, and spec.imageCredentials';
  }
  return 'Correct the function, its port (spec.serving.triggers.http.port) or spec.serving.template';
}

/** The object and its first condition that is False and says something. */
function tellingOf(
  object: KubeObject | undefined,
  types: readonly string[],
): [KubeObject, KnativeCondition] | undefined {
  if (object === undefined) return undefined;
  const bad = (statusOf(object).conditions ?? []).filter(({ status, message }) => status === 'False' && message);
  const [telling] = types.flatMap((type) => bad.find((condition) => condition.type === type) ?? []);
  return telling === undefined ? undefined : [object, telling];
}

function statusOf(object: KubeObject): KnativeStatus {
  return (object['status'] ?? {}) as KnativeStatus;
}
