import { isEqual } from '../json.ts';
import {
  CLUSTER_BUILD_STRATEGY,
  DAPR_COMPONENT,
  GATEWAY,
  HTTP_SCALED_OBJECT,
  type Kind,
  KNATIVE_SERVICE,
  kindId,
  SCALED_JOB,
  SCALED_OBJECT,
  SHIPWRIGHT_BUILD,
} from '../kinds.ts';
import { defaultBuildStrategy } from '../names.ts';
import { type Complaint, CREATE_AND_UPDATE, isAbsent, isObject, type Rule, valueAt } from '../rules.ts';
import { built, served } from './examples.ts';

/** What a Function needs from the cluster. It may arrive later, so these are warnings (N18). */

const HTTP = 'spec.serving.triggers.http';
const KEDA = 'spec.serving.scaleOptions.keda';

const DAPR = { dapr: [{ name: 'cron' }] };

/** Something that is looked up where a field asks for it. */
interface Need {
  id: string;
  path: string;
  within: string;
  says: string;
  accepts: unknown;
  refuses: unknown;
  /** The kind that the cluster of the examples lacks, or the object of it. */
  lacks: { kind: Kind; name?: string };
  /** What the field asks for, if it does. */
  wanted: (fn: unknown) => { kind: Kind; name?: string; namespace?: string } | undefined;
}

/** Said when the field is written or changed, not on every later update. */
function needRule({ wanted, path, lacks, ...row }: Need): Rule {
  return {
    ...row,
    path,
    number: 'N18',
    on: CREATE_AND_UPDATE,
    level: 'warn',
    broken: (fn, { exists, old }) => {
      const need = wanted(fn);
      if (need === undefined || (old !== undefined && isEqual(need, wanted(old)))) return undefined;
      const { kind, name, namespace } = need;
      if (exists?.(kind) === false) return missing(`the kind ${kind.kind} (${kindId(kind)}) is not installed yet`);
      if (name === undefined || exists?.(kind, name, namespace) !== false) return undefined;
      const full = namespace === undefined ? name : `${namespace}/${name}`;
      return missing(`${kind.kind} ${full} not found yet; the function waits for it`);
    },
    seen: { exists: (kind, name) => kind !== lacks.kind || (lacks.name !== undefined && name !== lacks.name) },
  };
}

function missing(detail: string): Complaint {
  return { reason: 'Forbidden', detail };
}

/** A text, or nothing. */
function textAt(object: unknown, path: string): string | undefined {
  const text = valueAt(object, path);
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function gatewayOf(fn: unknown): ReturnType<Need['wanted']> {
  const [name, namespace] = ['name', 'namespace'].map((field) => textAt(fn, `${HTTP}.route.gatewayRef.${field}`));
  return name === undefined || namespace === undefined ? undefined : { kind: GATEWAY, name, namespace };
}

function strategyOf(fn: unknown): ReturnType<Need['wanted']> {
  const strategy = valueAt(fn, 'spec.build.shipwright.strategy');
  if (isAbsent(strategy)) {
    const build = valueAt(fn, 'spec.build');
    return { kind: CLUSTER_BUILD_STRATEGY, name: defaultBuildStrategy(isObject(build) ? build : {}).name };
  }
  const name = textAt(strategy, 'name');
  const isCluster = textAt(strategy, 'kind') === CLUSTER_BUILD_STRATEGY.kind;
  return isCluster && name !== undefined ? { kind: CLUSTER_BUILD_STRATEGY, name } : { kind: SHIPWRIGHT_BUILD };
}

function engineOf(fn: unknown): ReturnType<Need['wanted']> {
  return { kind: textAt(fn, `${HTTP}.engine`) === 'keda' ? HTTP_SCALED_OBJECT : KNATIVE_SERVICE };
}

function daprOf(fn: unknown): ReturnType<Need['wanted']> {
  const lists = ['spec.serving.triggers.dapr', 'spec.serving.triggers.inputs', 'spec.serving.outputs'];
  const isAsked = lists.map((list) => valueAt(fn, list)).some((list) => Array.isArray(list) && list.length > 0);
  return isAsked ? { kind: DAPR_COMPONENT } : undefined;
}

function scalerOf(fn: unknown): ReturnType<Need['wanted']> {
  if (isObject(valueAt(fn, HTTP))) return undefined;
  if (isObject(valueAt(fn, `${KEDA}.scaledJob`))) return { kind: SCALED_JOB };
  return isObject(valueAt(fn, `${KEDA}.scaledObject`)) ? { kind: SCALED_OBJECT } : undefined;
}

export const CLUSTER_RULES: readonly Rule[] = [
  needRule({
    id: 'serving.triggers.http.route.gateway-ref.found',
    path: `${HTTP}.route.gatewayRef`,
    within: `${HTTP}.route.gatewayRef`,
    says: 'no such Gateway in the cluster',
    wanted: gatewayOf,
    lacks: { kind: GATEWAY, name: 'public' },
    accepts: served({}),
    refuses: served({
      serving: { triggers: { http: { route: { gatewayRef: { name: 'public', namespace: 'demo' } } } } },
    }),
  }),
  needRule({
    id: 'build.shipwright.strategy.found',
    path: 'spec.build.shipwright.strategy',
    within: 'spec.build',
    says: 'no such ClusterBuildStrategy in the cluster, or no Shipwright',
    wanted: strategyOf,
    lacks: { kind: CLUSTER_BUILD_STRATEGY },
    accepts: served({}),
    refuses: built({}),
  }),
  needRule({
    id: 'serving.triggers.http.engine.installed',
    path: `${HTTP}.engine`,
    within: HTTP,
    says: 'the kind that the engine makes is not installed',
    wanted: engineOf,
    lacks: { kind: HTTP_SCALED_OBJECT },
    accepts: served({}),
    refuses: served({ serving: { triggers: { http: { engine: 'keda' } } } }),
  }),
  needRule({
    id: 'serving.dapr.installed',
    path: 'spec.serving',
    within: 'spec.serving',
    says: 'Dapr components are used and Dapr is not installed',
    wanted: daprOf,
    lacks: { kind: DAPR_COMPONENT },
    accepts: served({}),
    refuses: served({ serving: { triggers: DAPR } }),
  }),
  needRule({
    id: 'serving.scaleOptions.keda.installed',
    path: KEDA,
    within: KEDA,
    says: 'a KEDA scaler is used and KEDA is not installed',
    wanted: scalerOf,
    lacks: { kind: SCALED_OBJECT },
    accepts: served({}),
    refuses: served({ serving: { triggers: DAPR, scaleOptions: { keda: { scaledObject: {} } } } }),
  }),
];
