import {
  type Complaint,
  CREATE_AND_UPDATE,
  invalid,
  isAbsent,
  isObject,
  type Rule,
  required,
  valueAt,
} from '../rules.ts';
import { served } from './examples.ts';
import { itemRule } from './field-rules.ts';

/** Rules between the engine, the trigger and the scale settings of a Function: what goes together, and what has no effect. */

const SERVING = 'spec.serving';
const HTTP = `${SERVING}.triggers.http`;
const ROUTE = `${HTTP}.route`;
const KEDA = `${SERVING}.scaleOptions.keda`;
const KEDA_SCALES = 'the keda engine scales on `httpScaledObject`: set it, or leave out `keda`';

/** A host name more is added by the controller unless it is written: `<name>.<namespace>.svc.<domain>`. */
const MOST_HOSTNAMES = 15;
/** An HTTPRoute and the status of a Function hold no more. */
const MOST_PATHS = 16;

const KEDA_HTTP = { http: { engine: 'keda', route: { hostnames: ['hello.example'] } } };
const DAPR = { dapr: [{ name: 'cron', type: 'bindings.cron' }] };
const CRON = { type: 'cron', metadata: { timezone: 'UTC' } };

function isHttp(fn: unknown): boolean {
  return isObject(valueAt(fn, HTTP));
}

function isKedaHttp(fn: unknown): boolean {
  return valueAt(fn, `${HTTP}.engine`) === 'keda';
}

/** A scaler that is set but does nothing, and why. */
function idle(
  scaler: string,
  row: Pick<Rule, 'id' | 'says' | 'accepts' | 'refuses'>,
  why: (fn: unknown) => string | undefined,
): Rule {
  const path = `${KEDA}.${scaler}`;
  return {
    ...row,
    number: 'N9',
    path,
    within: path,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    broken: (fn) => {
      const reason = why(fn);
      return reason === undefined ? undefined : { reason: 'Forbidden', detail: `has no effect because ${reason}` };
    },
  };
}

function jobs(more: object, keda: object): unknown {
  return served({ serving: { triggers: DAPR, ...more, scaleOptions: { keda } } });
}

function idleUnderHttp(scaler: string): Rule {
  const keda = { [scaler]: {}, triggers: [CRON] };
  return idle(
    scaler,
    {
      id: `serving.scaleOptions.keda.${scaler}.http`,
      says: 'set for a function with an HTTP trigger',
      accepts: jobs(scaler === 'scaledJob' ? { workloadType: 'Job' } : {}, keda),
      refuses: served({ serving: { triggers: { http: {} }, scaleOptions: { keda } } }),
    },
    (fn) =>
      isHttp(fn)
        ? 'HTTP functions scale on requests; use `minReplicas`, `maxReplicas` or `httpScaledObject`'
        : undefined,
  );
}

function idleWithoutTriggers(scaler: string): Rule {
  const more = scaler === 'scaledJob' ? { workloadType: 'Job' } : {};
  return idle(
    scaler,
    {
      id: `serving.scaleOptions.keda.${scaler}.triggers`,
      says: 'set without `keda.triggers`',
      accepts: jobs(more, { [scaler]: {}, triggers: [CRON] }),
      refuses: jobs(more, { [scaler]: {} }),
    },
    (fn) => {
      const triggers = valueAt(fn, `${KEDA}.triggers`);
      const isEmpty = isAbsent(triggers) || (Array.isArray(triggers) && triggers.length === 0);
      return isEmpty && !isHttp(fn) ? '`keda.triggers` is empty' : undefined;
    },
  );
}

function routed(route: object): unknown {
  return {
    metadata: { name: 'hello', namespace: 'demo' },
    ...(served({ serving: { triggers: { http: { route } } } }) as object),
  };
}

function tooManyHostnames(fn: unknown): Complaint | undefined {
  const hostnames = valueAt(fn, `${ROUTE}.hostnames`);
  if (!Array.isArray(hostnames) || hostnames.length <= MOST_HOSTNAMES) return undefined;
  const [name, namespace] = ['metadata.name', 'metadata.namespace'].map((path) => valueAt(fn, path));
  const own = `${name}.${namespace}.svc.`;
  const isWritten = hostnames.some((hostname) => typeof hostname === 'string' && hostname.startsWith(own));
  const most = isWritten ? MOST_HOSTNAMES + 1 : MOST_HOSTNAMES;
  if (hostnames.length <= most) return undefined;
  return invalid(hostnames.length, `must be at most ${most} host names: the one within the cluster is added to them`);
}

/** A rule without matches has one: every path. */
function pathsOf(fn: unknown): number {
  const rules = valueAt(fn, `${ROUTE}.rules`);
  if (!Array.isArray(rules)) return 0;
  const counts = rules.map((rule) => {
    const matches = valueAt(rule, 'matches');
    return Array.isArray(matches) ? Math.max(1, matches.length) : 1;
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

export const ENGINE_RULES: readonly Rule[] = [
  {
    // The original's controller crashes (Q27).
    id: 'serving.scaleOptions.keda.httpScaledObject.given',
    number: 'N8',
    path: `${KEDA}.httpScaledObject`,
    within: KEDA,
    about: [`${HTTP}.engine`],
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: 'absent, when the engine is `keda` and `scaleOptions.keda` is set',
    twin: {
      at: SERVING,
      cel:
        "!has(self.triggers) || !has(self.triggers.http) || !has(self.triggers.http.engine) || self.triggers.http.engine != 'keda' || " +
        '!has(self.scaleOptions) || !has(self.scaleOptions.keda) || has(self.scaleOptions.keda.httpScaledObject)',
      message: KEDA_SCALES,
    },
    broken: (fn) => {
      const isMissing = isAbsent(valueAt(fn, `${KEDA}.httpScaledObject`));
      return isKedaHttp(fn) && isMissing ? required(KEDA_SCALES) : undefined;
    },
    accepts: served({ serving: { triggers: KEDA_HTTP, scaleOptions: { keda: { httpScaledObject: {} } } } }),
    refuses: served({ serving: { triggers: KEDA_HTTP, scaleOptions: { keda: {} } } }),
  },
  {
    id: 'serving.triggers.http.route.hostnames.keda',
    number: 'N8',
    path: `${ROUTE}.hostnames`,
    within: HTTP,
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: 'absent or empty, when the engine is `keda`',
    broken: (fn) => {
      const hostnames = valueAt(fn, `${ROUTE}.hostnames`);
      const hasSome = !isAbsent(hostnames) && !(Array.isArray(hostnames) && hostnames.length === 0);
      return isKedaHttp(fn) && !hasSome
        ? required(
            'the keda engine routes by host name: without one only the name within the cluster leads to the function',
          )
        : undefined;
    },
    accepts: served({ serving: { triggers: KEDA_HTTP } }),
    refuses: served({ serving: { triggers: { http: { engine: 'keda' } } } }),
  },
  idle(
    'scaledJob',
    {
      id: 'serving.scaleOptions.keda.scaledJob.workload-type',
      says: 'set while `workloadType` is not `Job`',
      accepts: jobs({ workloadType: 'Job' }, { scaledJob: {}, triggers: [CRON] }),
      refuses: jobs({}, { scaledJob: {}, triggers: [CRON] }),
    },
    (fn) =>
      !isHttp(fn) && valueAt(fn, `${SERVING}.workloadType`) !== 'Job' ? '`workloadType` is not "Job"' : undefined,
  ),
  idle(
    'scaledObject',
    {
      id: 'serving.scaleOptions.keda.scaledObject.workload-type',
      says: 'set while `workloadType` is `Job`',
      accepts: jobs({}, { scaledObject: {}, triggers: [CRON] }),
      refuses: jobs({ workloadType: 'Job' }, { scaledObject: {}, triggers: [CRON] }),
    },
    (fn) => (!isHttp(fn) && valueAt(fn, `${SERVING}.workloadType`) === 'Job' ? '`workloadType` is "Job"' : undefined),
  ),
  idle(
    'httpScaledObject',
    {
      id: 'serving.scaleOptions.keda.httpScaledObject.engine',
      says: 'set while the engine is not `keda`',
      accepts: served({ serving: { triggers: KEDA_HTTP, scaleOptions: { keda: { httpScaledObject: {} } } } }),
      refuses: served({ serving: { triggers: { http: {} }, scaleOptions: { keda: { httpScaledObject: {} } } } }),
    },
    (fn) => (isKedaHttp(fn) ? undefined : 'the engine is not "keda"'),
  ),
  idleUnderHttp('scaledObject'),
  idleUnderHttp('scaledJob'),
  idleWithoutTriggers('scaledObject'),
  idleWithoutTriggers('scaledJob'),
  {
    id: 'serving.triggers.http.route.hostnames.most',
    number: 'N10',
    path: `${ROUTE}.hostnames`,
    within: ROUTE,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: `more than ${MOST_HOSTNAMES} besides the one within the cluster`,
    broken: tooManyHostnames,
    accepts: routed({ hostnames: ['hello.demo.svc.cluster.local', ...hostnames(MOST_HOSTNAMES)] }),
    refuses: routed({ hostnames: hostnames(MOST_HOSTNAMES + 1) }),
  },
  {
    id: 'serving.triggers.http.route.rules.most-paths',
    number: 'N10',
    path: `${ROUTE}.rules`,
    within: ROUTE,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    says: `more than ${MOST_PATHS} matches in all`,
    broken: (fn) => {
      const count = pathsOf(fn);
      return count <= MOST_PATHS ? undefined : invalid(count, `must hold at most ${MOST_PATHS} matches in all`);
    },
    accepts: routed({ rules: [{ matches: Array(8).fill({}) }, { matches: Array(8).fill({}) }] }),
    refuses: routed({ rules: [{ matches: Array(8).fill({}) }, { matches: Array(8).fill({}) }, {}] }),
  },
  itemRule(
    {
      id: 'serving.triggers.http.route.rules.backend-refs',
      number: 'N10',
      list: `${ROUTE}.rules`,
      field: 'backendRefs',
      level: 'warn',
      says: 'given',
      accepts: routed({ rules: [{ backendRefs: [] }] }),
      refuses: routed({ rules: [{ backendRefs: [{ name: 'other' }] }] }),
    },
    (refs) =>
      Array.isArray(refs) && refs.length > 0
        ? { reason: 'Forbidden', detail: 'has no effect because the route leads to the function' }
        : undefined,
  ),
];

function hostnames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `h${index}.example`);
}
