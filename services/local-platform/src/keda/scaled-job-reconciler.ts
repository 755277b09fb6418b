import { randomBytes } from 'node:crypto';
import { apiVersionOf, JOB, type KubeObject, SCALED_JOB } from '@openfunction/api';
import { holds, isTrue } from '../conditions.ts';
import { MANAGER } from '../names.ts';
import { askTriggers } from './ask-triggers.ts';
import { type Job, MOST_REPLICAS, POLLING_SECONDS, type ScaledJob, variablesOf } from './keda-objects.ts';
import { type ScaledState, scaledConditions } from './scaled-conditions.ts';
import type { ScaledReconcilerOptions } from './scaled-object-reconciler.ts';
import type { Reading } from './trigger.ts';

const NAME_LABEL = 'scaledjob.keda.sh/name';
const KEPT = 100;

/** Plays KEDA for one ScaledJob: makes Jobs as long as there is more to do than Jobs that do it. */
export class ScaledJobReconciler {
  readonly #options: ScaledReconcilerOptions;

  constructor(options: ScaledReconcilerOptions) {
    this.#options = options;
  }

  async reconcile(key: string): Promise<void> {
    const object = this.#options.objects.get(key) as ScaledJob | undefined;
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return;
    const { spec } = object;
    const env = variablesOf(spec.jobTargetRef.template.spec, spec.envSourceContainerName);
    const { readings, fault, trouble } = await askTriggers(spec.triggers, env, new Date());
    const active = readings.some((reading) => reading.active);
    const jobs = await this.#jobs(object);
    const count = active ? jobsToMake(spec, readings, jobs) : 0;
    for (let made = 0; made < count; made += 1) await this.#make(object);
    await this.#clean(object, jobs);
    await this.#report(object, { kind: 'ScaledJob', fault, trouble, active });
    this.#options.again(key, (spec.pollingInterval ?? POLLING_SECONDS) * 1000);
  }

  async #jobs({ metadata }: ScaledJob): Promise<Job[]> {
    const labelSelector = `${NAME_LABEL}=${metadata.name}`;
    const { items } = await this.#options.client.list(JOB, { namespace: metadata.namespace ?? '', labelSelector });
    return items as Job[];
  }

  async #make(object: ScaledJob): Promise<void> {
    const job = makeJob(object, randomBytes(3).toString('hex').slice(0, 5));
    await this.#options.client.create(JOB, job, { fieldManager: MANAGER });
    this.#options.logger.info({ scaledJob: object.metadata.name, job: job.metadata.name }, 'job made');
  }

  /** Removes ended Jobs beyond the history, the oldest first. */
  async #clean({ spec }: ScaledJob, jobs: readonly Job[]): Promise<void> {
    const ended = (type: string) => jobs.filter((job) => isTrue(job.status?.conditions, type)).sort(newestFirst);
    const over = [
      ...ended('Complete').slice(spec.successfulJobsHistoryLimit ?? KEPT),
      ...ended('Failed').slice(spec.failedJobsHistoryLimit ?? KEPT),
    ];
    for (const { metadata } of over) {
      const { namespace, name, uid } = metadata;
      await this.#options.client.delete(
        JOB,
        { namespace, name },
        { ...(uid && { uid }), propagationPolicy: 'Background' },
      );
    }
  }

  async #report(object: ScaledJob, state: ScaledState): Promise<void> {
    const triggersTypes = object.spec.triggers.map(({ type }) => type).join(',');
    const status = { conditions: scaledConditions(state), triggersTypes };
    if (holds(object.status, status)) return;
    const { namespace, name, resourceVersion } = object.metadata;
    const body = { metadata: { resourceVersion }, status };
    const options = { subresource: 'status', fieldManager: MANAGER };
    this.#options.objects.put(await this.#options.client.patch(SCALED_JOB, { namespace, name }, body, options));
  }
}

/** How many Jobs are missing, by KEDA's default and `accurate` strategies. */
export function jobsToMake(spec: ScaledJob['spec'], readings: readonly Reading[], jobs: readonly Job[]): number {
  const most = spec.maxReplicaCount ?? MOST_REPLICAS;
  const wanted = Math.min(most, Math.max(0, ...readings.map(({ value, target }) => Math.ceil(value / target))));
  const running = jobs.filter((job) => !isEnded(job));
  if (spec.scalingStrategy?.strategy !== 'accurate') return Math.max(0, wanted - running.length);
  const pending = running.filter((job) => (job.status?.ready ?? 0) === 0).length;
  return Math.max(0, wanted + running.length > most ? most - running.length : wanted - pending);
}

function makeJob({ metadata, spec, apiVersion }: ScaledJob, suffix: string): KubeObject {
  const labels = { ...metadata.labels, [NAME_LABEL]: metadata.name, 'app.kubernetes.io/managed-by': 'keda-operator' };
  const { template, ...rest } = spec.jobTargetRef;
  const owner = { apiVersion, kind: SCALED_JOB.kind, name: metadata.name, uid: metadata.uid ?? '' };
  return {
    apiVersion: apiVersionOf(JOB),
    kind: JOB.kind,
    metadata: {
      name: `${metadata.name.slice(0, 57)}-${suffix}`,
      namespace: metadata.namespace ?? '',
      labels,
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: {
      ...rest,
      template: {
        ...template,
        metadata: { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } },
      },
    },
  };
}

function isEnded(job: Job): boolean {
  return isTrue(job.status?.conditions, 'Complete') || isTrue(job.status?.conditions, 'Failed');
}

function newestFirst(a: Job, b: Job): number {
  return (a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1;
}
