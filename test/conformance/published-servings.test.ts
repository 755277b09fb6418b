import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  DEPLOYMENT,
  type Kind,
  KNATIVE_SERVICE,
  type KubeObject,
  POD,
  SCALED_JOB,
  SCALED_OBJECT,
  SERVING,
  STATEFUL_SET,
} from '@openfunction/api';
import { applyManifests, discoverKind } from '@openfunction/local';
import { waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { ABSENT, MANIFESTS, publishedManifests } from '../published.ts';
import { emit, storedFunction } from '../serving/emitted.ts';
import { connectWorld, HPA, type RealWorld, RUNTIME_CLASS, SKIPPED } from './real-world.ts';

// Every published Function that is served, and one of each family of triggers, from kubectl to what Knative, KEDA and Kubernetes make
// of it. Its image is taken as built.

const FAMILIES = join(import.meta.dirname, '../serving/families');

const files = [
  ...publishedManifests()
    .filter(([file, verdict]) => verdict !== 'not an OpenFunction CRD' && file.includes('.function.'))
    .map(([file]) => join(MANIFESTS, file)),
  ...readdirSync(FAMILIES).map((file) => join(FAMILIES, file)),
];

/** Fragments of documentation have no image: nobody could run them. */
const cases = files.flatMap((file): [name: string, manifest: KubeObject, emitted: KubeObject[]][] => {
  const manifest = parse(readFileSync(file, 'utf8'));
  const fn = storedFunction(manifest);
  const emitted = fn === undefined || fn.spec.image === '' ? undefined : emit(fn);
  return emitted === undefined ? [] : [[basename(file), manifest, emitted.objects]];
});

/** What KEDA says of a scaler whose broker or database is not there: it has understood all else, and makes no HPA. */
const NOT_REACHED = /dial (tcp|error)|no such host|run out of available brokers/;

describe.skipIf(SKIPPED !== '')(`a published function${SKIPPED}`, () => {
  let world: RealWorld;

  beforeAll(async () => {
    world = await connectWorld();
    await applyManifests(world.client, [RUNTIME_CLASS], { fieldManager: 'install' });
  });

  afterAll(() => world?.stop());

  test.skipIf(ABSENT !== '')(`is one of many${ABSENT}`, () => {
    expect(cases.length).toBeGreaterThan(35);
  });

  test.each(cases)('%s reaches its pods', async (_, manifest, emitted) => {
    const namespace = await world.namespace();
    const file = join(world.directory, `${namespace}.yaml`);
    writeFileSync(file, stringify(served(manifest, namespace)));
    await applyManifests(world.client, credentials(namespace), { fieldManager: 'kubectl' });
    // Some have fields that nobody knows, with which the original takes them too.
    await world.kubectl('apply', '--validate=warn', '-f', file);
    await waitFor('all is made', async () => {
      expect((await madeIn(namespace, emitted)).toSorted()).toEqual(emitted.map(({ kind }) => kind).toSorted());
      return true;
    });
    for (const object of emitted) await REACHES[`${object.apiVersion} ${object.kind}`]?.(namespace);
  });

  /** Kinds of the objects that belong to the only Serving in a namespace, of the kinds that it is to be made of. */
  const madeIn = async (namespace: string, emitted: readonly KubeObject[]): Promise<string[]> => {
    const serving = await world.find(SERVING, namespace);
    const kinds = new Map(emitted.map((object) => [`${object.apiVersion} ${object.kind}`, object]));
    const found: string[] = [];
    for (const { apiVersion, kind: name } of kinds.values()) {
      const kind = await discoverKind(world.client, apiVersion, name);
      if (kind === undefined) throw new Error(`${apiVersion} ${name} is not served`);
      const { items } = await world.client.list(kind, { namespace });
      found.push(...items.filter((item) => isOwned(item, serving)).map(() => name));
    }
    return found;
  };

  /** Of the only object of a kind: what it comes to. */
  const REACHES: Record<string, (namespace: string) => Promise<unknown>> = {
    'serving.knative.dev/v1 Service': async (namespace) => {
      const service = await world.find(KNATIVE_SERVICE, namespace);
      const name = `${service['spec'].template.metadata.name}-deployment`;
      await world.find(DEPLOYMENT, namespace, ({ metadata }) => metadata.name === name);
      const pod = await world.find(POD, namespace, ({ metadata }) => metadata.name.startsWith(name));
      await world.kubelet.serve(pod);
      await untilReady(KNATIVE_SERVICE, namespace);
    },
    'apps/v1 Deployment': (namespace) => untilObserved(DEPLOYMENT, namespace),
    'apps/v1 StatefulSet': (namespace) => untilObserved(STATEFUL_SET, namespace),
    'keda.sh/v1alpha1 ScaledObject': (namespace) => untilScaled(namespace),
    'keda.sh/v1alpha1 ScaledJob': (namespace) => untilJudged(SCALED_JOB, namespace),
    // Its operator makes a ScaledObject of it.
    'http.keda.sh/v1alpha1 HTTPScaledObject': (namespace) => untilJudged(SCALED_OBJECT, namespace),
  };

  const untilReady = (kind: Kind, namespace: string) =>
    world.find(kind, namespace, (object) => conditionOf(object, 'Ready')?.status === 'True');

  const untilObserved = (kind: Kind, namespace: string) =>
    world.find(
      kind,
      namespace,
      ({ metadata, ...object }) => object['status']?.observedGeneration === metadata.generation,
    );

  /** With an HPA, or without one as what it would ask is not there. */
  const untilScaled = async (namespace: string): Promise<void> => {
    const scaler = await untilJudged(SCALED_OBJECT, namespace);
    if (NOT_REACHED.test(conditionOf(scaler, 'Ready')?.message ?? '')) return;
    await world.find(HPA, namespace, ({ metadata }) => metadata.name === `keda-hpa-${scaler.metadata.name}`);
  };

  const untilJudged = (kind: Kind, namespace: string) =>
    world.find(kind, namespace, (object) => {
      const ready = conditionOf(object, 'Ready');
      if (ready?.status === 'True' || ready?.reason === 'TriggerError') return true;
      return ready?.status === 'False' && NOT_REACHED.test(ready.message ?? '');
    });
});

/** As somebody with the image would apply it, with what a reader has to fill in. */
function served(manifest: KubeObject, namespace: string): KubeObject {
  const { build: _built, ...spec } = manifest['spec'];
  const image = (spec.image as string).replace(/<[^>]*>/g, 'example');
  return { ...manifest, metadata: { ...manifest.metadata, namespace }, spec: { ...spec, image } };
}

/** What the trigger of PostgreSQL logs in with, where no database is. */
function credentials(namespace: string): KubeObject[] {
  const metadata = { namespace, name: 'postgres-credentials' };
  const stringData = { connection: 'host=127.0.0.1 port=1 dbname=outbox' };
  const secretTargetRef = [{ parameter: 'connection', name: metadata.name, key: 'connection' }];
  return [
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData },
    { apiVersion: 'keda.sh/v1alpha1', kind: 'TriggerAuthentication', metadata, spec: { secretTargetRef } },
  ];
}

function isOwned({ metadata }: KubeObject, owner: KubeObject): boolean {
  return metadata.ownerReferences?.some(({ uid, controller }) => uid === owner.metadata.uid && controller) ?? false;
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

function conditionOf(object: KubeObject, type: string): Condition | undefined {
  return (object['status']?.conditions as Condition[] | undefined)?.find((each) => each.type === type);
}
