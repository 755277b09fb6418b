import {
  DEPLOYMENT,
  type Kind,
  KNATIVE_REVISION,
  KNATIVE_SERVICE,
  type KubeObject,
  POD,
  SERVICE_ACCOUNT,
} from '@openfunction/api';
import { statusOf } from '@openfunction/kube';
import { applyManifests } from '@openfunction/local';
import { waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { POD_AUTOSCALER } from './knative-player.ts';
import { connectWorld, type RealWorld, SKIPPED } from './real-world.ts';

// What Knative itself does with objects such as ours: what the serving-controller is built on.

const NAME = 'serving-8kd2p-ksvc-v7x2m';
const REVISION = `${NAME}-v100`;
const MIN_SCALE = 'autoscaling.knative.dev/min-scale';

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

describe.skipIf(SKIPPED !== '')(`Knative Serving${SKIPPED}`, () => {
  let world: RealWorld;

  beforeAll(async () => {
    world = await connectWorld();
  });

  afterAll(() => world?.stop());

  const apply = async (namespace: string, template: Template = {}) =>
    world.client.apply(KNATIVE_SERVICE, knativeService(namespace, template), { fieldManager: 'serving', force: true });

  const until = (kind: Kind, namespace: string, name: string, type: string, expected: Partial<Condition>) =>
    waitFor(
      `${kind.kind} ${name} ${type}`,
      async () => {
        const live = await world.client.get(kind, { namespace, name });
        const found = (live?.['status']?.conditions as Condition[] | undefined)?.find((each) => each.type === type);
        expect(found).toMatchObject(expected);
        return live;
      },
      60_000,
    );

  const serving = async (): Promise<string> => {
    const namespace = await world.namespace();
    await apply(namespace, { annotations: { [MIN_SCALE]: '1' } });
    await world.kubelet.serve(await world.pod(namespace));
    await until(KNATIVE_SERVICE, namespace, NAME, 'Ready', { status: 'True' });
    return namespace;
  };

  test('makes the revision of the name given, its Deployment and PodAutoscaler, and says where it is', async () => {
    const namespace = await serving();
    const service = await world.client.get(KNATIVE_SERVICE, { namespace, name: NAME });
    expect(service?.['status']).toMatchObject({
      latestReadyRevisionName: REVISION,
      url: `http://${NAME}.${namespace}.svc.cluster.local`,
      address: { url: `http://${NAME}.${namespace}.svc.cluster.local` },
    });
    const deployment = await world.find(DEPLOYMENT, namespace);
    expect(deployment['spec'].template.spec.containers[0]).toMatchObject({ name: 'function' });
    const [pod] = (await world.client.list(POD, { namespace })).items;
    expect(pod?.metadata.labels).toMatchObject({
      'openfunction.io/serving': 'serving-8kd2p',
      'serving.knative.dev/revision': REVISION,
    });
    const autoscaler = await world.client.get(POD_AUTOSCALER, { namespace, name: REVISION });
    expect(autoscaler?.metadata.annotations).toMatchObject({ [MIN_SCALE]: '1' });
  });

  test('refuses an apply without the defaults it has set, and takes the template as it is stored', async () => {
    const namespace = await serving();
    const refused = await apply(namespace, { annotations: { [MIN_SCALE]: '1' } }).catch((error) => statusOf(error));
    expect(JSON.stringify(refused)).toMatch(/Saw the following changes without a name change.*ReadinessProbe/s);
    const stored = await world.client.get(KNATIVE_SERVICE, { namespace, name: NAME });
    const whole = { ...knativeService(namespace), spec: { template: stored?.['spec'].template } };
    const labelled = { ...whole, metadata: { ...whole.metadata, labels: { team: 'pictures' } } };
    const taken = await world.client.apply(KNATIVE_SERVICE, labelled, { fieldManager: 'serving', force: true });
    expect(taken.metadata.generation).toBe(stored?.metadata.generation);
  });

  test('refuses another scale under the name of the revision', async () => {
    const namespace = await serving();
    const refused = await world.client
      .patch(
        KNATIVE_SERVICE,
        { namespace, name: NAME },
        { spec: { template: { metadata: { annotations: { [MIN_SCALE]: '2' } } } } },
        { fieldManager: 'serving' },
      )
      .catch((error) => statusOf(error));
    expect(JSON.stringify(refused)).toMatch(/Saw the following changes without a name change/);
  });

  test('keeps another scale on the PodAutoscaler, and the pods', async () => {
    const namespace = await serving();
    const name = { namespace, name: REVISION };
    const before = await world.find(POD, namespace);
    const patch = (scale: string) => ({ metadata: { annotations: { [MIN_SCALE]: scale } } });
    await world.client.patch(POD_AUTOSCALER, name, patch('3'), { fieldManager: 'serving' });
    // Makes Knative look at the revision and all that belongs to it.
    const touched = { metadata: { annotations: { 'example.com/touched': 'yes' } } };
    await world.client.patch(KNATIVE_SERVICE, { namespace, name: NAME }, touched, { fieldManager: 'serving' });
    await world.client.patch(DEPLOYMENT, { namespace, name: `${REVISION}-deployment` }, touched, {
      fieldManager: 'serving',
    });
    await waitFor('Knative has looked', async () => {
      const service = await world.client.get(KNATIVE_SERVICE, { namespace, name: NAME });
      return service?.['status']?.observedGeneration === service?.metadata.generation;
    });
    const autoscaler = await world.client.get(POD_AUTOSCALER, name);
    expect(autoscaler?.metadata.annotations).toMatchObject({ [MIN_SCALE]: '3' });
    const after = (await world.client.list(POD, { namespace })).items;
    expect(after.map(({ metadata }) => metadata.uid)).toEqual([before.metadata.uid]);
  });

  test('carries a label of the revision to its pods, which it replaces, and not to the PodAutoscaler', async () => {
    const namespace = await serving();
    const patch = { metadata: { labels: { team: 'pictures' }, annotations: { [MIN_SCALE]: '4' } } };
    await world.client.patch(KNATIVE_REVISION, { namespace, name: REVISION }, patch, { fieldManager: 'serving' });
    await world.find(POD, namespace, ({ metadata }) => metadata.labels?.['team'] === 'pictures');
    const autoscaler = await world.client.get(POD_AUTOSCALER, { namespace, name: REVISION });
    expect(autoscaler?.metadata.annotations).toMatchObject({ [MIN_SCALE]: '1' });
    expect((await world.client.list(KNATIVE_REVISION, { namespace })).items).toHaveLength(1);
  });

  test('moves traffic by itself to a new revision once that is ready', async () => {
    const namespace = await serving();
    await apply(namespace, { name: `${NAME}-v100-2b3c`, image: 'registry.example.com/acme/resize:v2' });
    const pod = await world.find(POD, namespace, ({ metadata }) => metadata.name.includes('2b3c'));
    const before = await world.client.get(KNATIVE_SERVICE, { namespace, name: NAME });
    expect(before?.['status'].traffic).toMatchObject([{ revisionName: REVISION, percent: 100 }]);
    await world.kubelet.serve(pod);
    await waitFor('traffic has moved', async () => {
      const live = await world.client.get(KNATIVE_SERVICE, { namespace, name: NAME });
      expect(live?.['status'].traffic).toMatchObject([{ revisionName: `${NAME}-v100-2b3c`, percent: 100 }]);
      return true;
    });
  });

  test('names a quota on the revision and in ConfigurationsReady, not in Ready', async () => {
    const namespace = await world.namespace();
    const metadata = { namespace, name: 'tight' };
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard: { pods: '0' } } };
    await applyManifests(world.client, [quota], { fieldManager: 'kubectl' });
    await apply(namespace);
    await until(KNATIVE_REVISION, namespace, REVISION, 'Ready', {
      status: 'False',
      reason: 'FailedCreate',
      message: expect.stringContaining('exceeded quota: tight') as unknown as string,
    });
    await until(KNATIVE_SERVICE, namespace, NAME, 'ConfigurationsReady', { status: 'False', reason: 'RevisionFailed' });
    await until(KNATIVE_SERVICE, namespace, NAME, 'Ready', { status: 'False', reason: 'RevisionMissing' });
  });

  test('names a ServiceAccount that is not there', async () => {
    const namespace = await world.namespace();
    await apply(namespace, { spec: { serviceAccountName: 'nobody' } });
    await until(KNATIVE_REVISION, namespace, REVISION, 'Ready', {
      status: 'False',
      message: expect.stringContaining('serviceaccount "nobody" not found') as unknown as string,
    });
    expect(await world.client.get(SERVICE_ACCOUNT, { namespace, name: 'nobody' })).toBeUndefined();
  });

  test('names an image that no registry has', async () => {
    const namespace = await world.namespace();
    await apply(namespace, { image: '127.0.0.1:1/acme/resize:v1' });
    await until(KNATIVE_REVISION, namespace, REVISION, 'Ready', {
      status: 'False',
      reason: 'ContainerMissing',
      message: expect.stringContaining('Unable to fetch image "127.0.0.1:1/acme/resize:v1"') as unknown as string,
    });
  });

  test('says that the name of a revision is taken', async () => {
    const namespace = await serving();
    const second = `${NAME}-v100-2b3c`;
    const taken = await world.client.get(KNATIVE_REVISION, { namespace, name: REVISION });
    const { containers } = taken?.['spec'] ?? {};
    await world.client.create(KNATIVE_REVISION, {
      apiVersion: 'serving.knative.dev/v1',
      kind: 'Revision',
      metadata: { namespace, name: second },
      spec: { containers },
    });
    await apply(namespace, { name: second, image: 'registry.example.com/acme/resize:v2' });
    await until(KNATIVE_SERVICE, namespace, NAME, 'RoutesReady', {
      status: 'False',
      reason: 'RevisionNameTaken',
    });
  });
});

interface Template {
  name?: string;
  image?: string;
  annotations?: Record<string, string>;
  spec?: Record<string, unknown>;
}

/** As the serving-controller emits it (controllers.md §3.9). */
function knativeService(namespace: string, template: Template = {}): KubeObject {
  const { name = REVISION, image = 'registry.example.com/acme/resize:v1', annotations = {}, spec = {} } = template;
  const labels = { 'openfunction.io/serving': 'serving-8kd2p' };
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: { namespace, name: NAME, labels },
    spec: {
      template: {
        metadata: { name, labels: { ...labels, 'app.kubernetes.io/version': 'v1.0.0' }, annotations },
        spec: { containers: [{ name: 'function', image, ports: [{ containerPort: 8080 }] }], ...spec },
      },
    },
  };
}
