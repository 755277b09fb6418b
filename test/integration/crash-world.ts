import {
  FUNCTION,
  type Function,
  isControlledBy,
  type Kind,
  type KubeObject,
  kindId,
  REFERENCE_GRANT,
  referenceGrantName,
  SERVING,
  type Serving,
} from '@openfunction/api';
import {
  type ApiProxy,
  type AuditEvent,
  applyFunction,
  type ControllerWorld,
  freshNamespace,
  isOurs,
  isWrite,
  readAuditLog,
  type System,
  sketchFunction,
  startApiProxy,
  startControllerWorld,
  untilCondition,
  type Write,
  waitFor,
} from '@openfunction/testing';
import { expect } from 'vitest';
import { type CrashCase, CrashPlan, type CrashPoint, type Moment, nameOf } from './crash-plan.ts';
import type { Scenario } from './crash-scenarios.ts';
import { QueuedKeys } from './queued-keys.ts';

/** Neighbours that take a moment: each stage is a write of its own, and so a point of its own. */
const NEIGHBOURS = { buildMs: 300, readyMs: 200, podMs: 200, scalerMs: 200 };
const NAME = 'crashed';
const RECORDED_RUNS = 2;
const REACHED_WITHIN_MS = 30_000;
/** A key whose worker died is free after its lock (10 s) and the next look for such keys (5 s); others may be hit by a later kill. */
export const READY_WITHIN_MS = 60_000;
const KEDA = 'keda';

/** A case, and the way to Ready that it disturbs. */
export interface ScenarioCase extends CrashCase {
  scenario: Scenario;
}

/** A cluster in which controllers are killed at their writes, and what became of the Functions is judged. */
export class CrashWorld {
  readonly #world: ControllerWorld;
  readonly #queued: QueuedKeys;
  readonly #plan = new CrashPlan((replica) => this.system.halt(replica), namespaceOf);
  readonly #proxy: ApiProxy;
  #system: System | undefined;

  static async start(): Promise<CrashWorld> {
    const world = await startControllerWorld(NEIGHBOURS);
    const plan: { current?: CrashPlan } = {};
    const proxy = await startApiProxy({
      behind: world.cluster,
      beforeWrite: async (write) => (await plan.current?.beforeWrite(write)) ?? true,
      afterWrite: async (write) => (await plan.current?.afterWrite(write)) ?? true,
    });
    const crashes = new CrashWorld(world, proxy);
    plan.current = crashes.#plan;
    return crashes;
  }

  private constructor(world: ControllerWorld, proxy: ApiProxy) {
    this.#world = world;
    this.#proxy = proxy;
    this.#queued = new QueuedKeys(world.cluster.redisUrl);
  }

  get system(): System {
    if (this.#system === undefined) throw new Error('the controllers are not started');
    return this.#system;
  }

  async startReplicas(replicas: number): Promise<void> {
    const endpointOf = (name: string) => this.#proxy.endpointOf(name);
    this.#system = await this.#world.startSystem({ replicas, endpointOf, env: { DRAIN_SECONDS: '1' } });
  }

  async stop(): Promise<void> {
    await this.#world.stop();
    await this.#proxy.stop();
    this.#queued.close();
  }

  /** Every write that one of some undisturbed runs makes: how often a status is written depends on how soon news comes in. */
  async recordPoints(scenario: Scenario): Promise<CrashPoint[]> {
    const found = new Map<string, CrashPoint>();
    for (let run = 0; run < RECORDED_RUNS; run += 1) {
      const namespace = await this.#begin(scenario);
      await this.#apply(scenario, namespace);
      await this.untilDone({ scenario, namespace });
      for (const point of this.#plan.writesIn(namespace)) found.set(nameOf(point), point);
    }
    return [...found.values()];
  }

  /** Applies the last step and waits until a controller has died of it, or all is done without that write. */
  async crashAt(scenario: Scenario, point: CrashPoint, moment: Moment): Promise<ScenarioCase> {
    const namespace = await this.#begin(scenario);
    const crash: ScenarioCase = { scenario, namespace, point, moment };
    this.#plan.set(crash);
    await this.#apply(scenario, namespace);
    await waitFor(
      `${moment} ${nameOf(point)}`,
      async () => {
        if (crash.victim !== undefined || (await this.#isDone(scenario, crash))) return true;
        throw new Error(`${namespace}: writes so far: ${this.#plan.writesIn(namespace).map(nameOf).join(', ')}`);
      },
      REACHED_WITHIN_MS,
    );
    if (crash.victim === undefined && !this.#plan.withdraw(crash)) await waitFor('the kill', () => crash.victim);
    return crash;
  }

  async revive({ victim }: CrashCase): Promise<void> {
    if (victim !== undefined) await this.system.revive(victim);
  }

  /** Ready, what is to go is gone, and nobody works on it any more: Events come after the status that they are about. */
  async untilDone({ scenario, namespace }: Pick<ScenarioCase, 'scenario' | 'namespace'>): Promise<Function> {
    await untilCondition(this.#world.client, functionIn(namespace), 'Ready', 'True', READY_WITHIN_MS);
    await waitFor('all is done', () => this.#isDone(scenario, { namespace }, true), READY_WITHIN_MS);
    return (await this.#world.client.get(FUNCTION, functionIn(namespace).metadata)) as Function;
  }

  /** What must be so in the end, whatever happened. Throws what is not. */
  async verify(crash: ScenarioCase): Promise<void> {
    const { scenario, namespace } = crash;
    const fn = await this.untilDone(crash);
    const counts = scenario.objects.flatMap(({ kind, made }) => Array<string>(made).fill(kindId(kind)));
    const made = (await this.#madeIn(namespace)).sort().join(' ');
    expect(made, `made: ${made}`).toBe(counts.sort().join(' '));
    const servings = (await this.#objects(SERVING, namespace)) as Serving[];
    expect(servings.map(({ metadata }) => metadata.name)).toEqual([fn.status?.serving?.resourceRef]);
    const versions = scenario.steps.map((_step, index) => [index + 1, index + 1 === scenario.steps.length]);
    expect(fn.status?.versions?.map(({ number, active }) => [number, active])).toEqual(versions.reverse());
    await this.#verifyOwners(scenario, fn, servings);
  }

  /** All queues and timers of all controllers. */
  async untilQueuesAreEmpty(): Promise<void> {
    await waitFor(
      'the queues are empty',
      async () => {
        const keys = await this.#queued.all(this.system.queuePrefix);
        if (keys.length === 0) return true;
        throw new Error(keys.join(', '));
      },
      READY_WITHIN_MS,
    );
  }

  get complaints(): readonly string[] {
    return this.#world.complaints;
  }

  /** A namespace in which all steps but the last are done; what is written from now on is counted. */
  async #begin({ steps, ...scenario }: Scenario): Promise<string> {
    const namespace = await freshNamespace(this.#world.client, 'crash');
    const before = steps.slice(0, -1);
    for (let done = 1; done <= before.length; done += 1) {
      await this.#apply({ ...scenario, steps: steps.slice(0, done) }, namespace);
      await untilCondition(this.#world.client, functionIn(namespace), 'Ready', 'True', READY_WITHIN_MS);
      await waitFor('nobody works on it', () => this.#isLeft(namespace), READY_WITHIN_MS);
    }
    this.#plan.forget(namespace);
    return namespace;
  }

  async #apply({ steps }: Scenario, namespace: string): Promise<void> {
    await applyFunction(this.#world.client, sketchFunction({ namespace, name: NAME, ...steps.at(-1) }));
  }

  /** `loud`: where there are other objects than are wanted, throws which. */
  async #isDone(scenario: Scenario, { namespace }: { namespace: string }, loud = false): Promise<boolean> {
    const fn = (await this.#world.client.get(FUNCTION, functionIn(namespace).metadata)) as Function;
    if (!isReady(fn) || !(await this.#isLeft(namespace))) return false;
    for (const { kind, made, left = made } of scenario.objects) {
      const found = await this.#objects(kind, namespace);
      if (found.length === left) continue;
      if (!loud) return false;
      throw new Error(
        `${left} ${kind.kind} wanted, there are: ${found.map(({ metadata }) => metadata.name).join(', ')}`,
      );
    }
    return true;
  }

  /** Whether the function-controller has let go of it. */
  async #isLeft(namespace: string): Promise<boolean> {
    const fn = await this.#world.client.get(FUNCTION, functionIn(namespace).metadata);
    return fn !== undefined && !(await this.#queued.has(this.system.queuePrefix, 'function', fn));
  }

  /** Whatever is there belongs to the Function or to the version that it serves, and is there by the names that are recorded. */
  async #verifyOwners(scenario: Scenario, fn: Function, servings: Serving[]): Promise<void> {
    const objects: KubeObject[] = [];
    for (const { kind } of scenario.objects) {
      if (kind !== REFERENCE_GRANT) objects.push(...(await this.#objects(kind, fn.metadata.namespace ?? '')));
    }
    const owners: KubeObject[] = [fn, ...servings];
    const strays = objects.filter((object) => !owners.some((owner) => isControlledBy(object, owner)));
    expect(strays.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([]);
    const recorded = servings.flatMap(({ status }) => Object.values(status?.resourceRef ?? {})).join(',');
    const names = objects.map(({ metadata }) => metadata.name);
    expect(recorded.split(',').filter((name) => !names.includes(name))).toEqual([]);
  }

  /** Objects of the Function; a grant for its namespace is elsewhere. */
  async #objects(kind: Kind, namespace: string): Promise<KubeObject[]> {
    const isGrant = kind === REFERENCE_GRANT;
    const { items } = await this.#world.client.list(kind, { namespace: isGrant ? KEDA : namespace });
    return isGrant ? items.filter(({ metadata }) => metadata.name === referenceGrantName(namespace)) : items;
  }

  /** What came into being, by the API server's own account: the kind of each object. An apply of what exists answers 200. */
  async #madeIn(namespace: string): Promise<string[]> {
    const events = await readAuditLog(this.#world.cluster.auditLogFile);
    const writes = events.filter((event) => isOurs(event) && isWrite(event));
    return writes.flatMap(({ objectRef, responseStatus }) => {
      const isNew = responseStatus?.code === 201 && objectRef?.resource !== 'events';
      if (objectRef === undefined || !isNew || functionOf(objectRef) !== namespace) return [];
      return [[objectRef.resource, objectRef.apiGroup].filter(Boolean).join('.')];
    });
  }
}

export function nameIn({ scenario, namespace, moment, point, victim }: ScenarioCase): string {
  return `${scenario.name} in ${namespace}: ${victim ?? 'nobody'} ${moment} ${nameOf(point)}`;
}

function functionIn(namespace: string) {
  return { metadata: { namespace, name: NAME } };
}

function isReady({ metadata, status }: Function): boolean {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && ready.observedGeneration === metadata.generation;
}

/** The namespace of the Function for which it was written: what makes a grant for it, is done for it. */
function namespaceOf({ namespace, name, resource }: Write): string {
  return functionOf({ namespace, name, resource: resource.split('.')[0] ?? '' });
}

function functionOf({ namespace = '', name = '', resource }: NonNullable<AuditEvent['objectRef']>): string {
  return resource === REFERENCE_GRANT.plural ? name.replace(/^openfunction-/, '') : namespace;
}
