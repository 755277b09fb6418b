import {
  DEPLOYMENT,
  HTTP_SCALED_OBJECT,
  isOfKind,
  isSameObject,
  JOB,
  type Kind,
  KNATIVE_SERVICE,
  type KubeObject,
  LABEL,
  SCALED_JOB,
  SCALED_OBJECT,
  STATEFUL_SET,
} from '@openfunction/api';
import { judgeJob } from './job.ts';
import { judgeKnative } from './knative.ts';
import { judgeScaledJob, judgeScaler } from './scaler.ts';
import { type Look, type Verdict, worstOf } from './verdict.ts';
import { judgeWorkload } from './workload.ts';

/** What there is of a Serving, beside the Serving itself. */
export interface Evidence {
  owned: readonly KubeObject[];
  /** Knative Revisions of the Serving. */
  revisions: readonly KubeObject[];
  /** Pods of the function, and those of its Dapr proxy. */
  pods: readonly KubeObject[];
  proxyPods: readonly KubeObject[];
  logs: ReadonlyMap<string, string>;
  /** Why pods of a StatefulSet or Job are refused, by its uid. */
  refusals?: ReadonlyMap<string, string>;
  /** Authentications that the scale triggers name and nobody has made, one sentence each; asked for while KEDA is in trouble. */
  absent?: readonly string[];
}

interface Moment {
  /** Whether this version has been running before. */
  hasRun: boolean;
  now: Date;
}

type Judge = (object: KubeObject, evidence: Evidence, look: Look) => Verdict;

const JUDGES: readonly (readonly [Kind, Judge])[] = [
  [KNATIVE_SERVICE, (object, { revisions }, look) => judgeKnative(object, revisions, look)],
  [DEPLOYMENT, (object, _evidence, look) => judgeWorkload(object, look)],
  [STATEFUL_SET, (object, _evidence, look) => judgeWorkload(object, look)],
  [JOB, (object, _evidence, look) => judgeJob(object, look)],
  [SCALED_OBJECT, (object, _evidence, look) => judgeScaler(object, look)],
  [HTTP_SCALED_OBJECT, (object, _evidence, look) => judgeScaler(object, look)],
  [SCALED_JOB, (object, _evidence, look) => judgeScaledJob(object, look)],
];

/** Kinds that hold a version which has never run at one replica. */
const SCALERS: readonly Kind[] = [SCALED_OBJECT, HTTP_SCALED_OBJECT];
const RELEASED_MS = 500;

/** How a Serving stands: as the worst of what it is made of. Objects without a state of their own (Services, Components) do not count. */
export function judge(wanted: readonly KubeObject[], evidence: Evidence, moment: Moment): Verdict {
  const verdicts = wanted.flatMap((object) => {
    const [kind, verdictOn] = JUDGES.find(([each]) => isOfKind(object, each)) ?? [];
    if (kind === undefined || verdictOn === undefined) return [];
    const live = evidence.owned.find((each) => isSameObject(each, object));
    return live === undefined
      ? [{ ready: 'Unknown' } as const]
      : [verdictOn(live, evidence, lookAt(live, evidence, moment))];
  });
  return withRelease(worstOf(verdicts), wanted, moment);
}

/** A scaler gets the user's own numbers after the first start (resources/replicas.ts): nothing but time need wake us then. */
function withRelease(verdict: Verdict, wanted: readonly KubeObject[], { hasRun, now }: Moment): Verdict {
  const isHeld = !hasRun && wanted.some((object) => SCALERS.some((kind) => isOfKind(object, kind)));
  if (verdict.ready !== 'True' || !isHeld) return verdict;
  return { ...verdict, again: new Date(now.getTime() + RELEASED_MS) };
}

/** A workload and the pods that are its own. */
function lookAt(object: KubeObject, { pods, proxyPods, logs, refusals, absent }: Evidence, moment: Moment): Look {
  const isProxy = object.metadata.labels?.[LABEL.proxy] !== undefined;
  const refusal = refusals?.get(object.metadata.uid ?? '');
  return { ...moment, logs, refusal, absent, pods: isProxy ? proxyPods : pods };
}
