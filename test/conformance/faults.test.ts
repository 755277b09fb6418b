import {
  BUILD_ENDED,
  BUILD_STRATEGY,
  BUILDER,
  type Function,
  type KubeObject,
  POD,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import { applyManifests } from '@openfunction/local';
import { applyFunction, sketchFunction, waitFor } from '@openfunction/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stepsOf } from './kubelet.ts';
import { connectWorld, makeSecret, type RealWorld, SKIPPED } from './real-world.ts';

// What goes wrong with builds, and what `kubectl get fn` and `kubectl describe fn` then say: object, cause and next step.

/** From when Shipwright or the pod shows it until the Function says it. */
const SAID_WITHIN_MS = 10_000;

interface Fault {
  name: string;
  build?: Record<string, unknown>;
  labels?: Record<string, string>;
  /** What is in the namespace before the Function. */
  prepare?: (namespace: string) => Promise<unknown>;
  /** What happens to the pod of the build; without it, no pod comes about or nothing happens to it. */
  strike?: (pod: KubeObject) => Promise<void>;
  /** Whether Shipwright or the pod shows it: a word in their status. */
  shown: RegExp;
  /** In the column REASON of `kubectl get fn`. */
  reason: string;
  object: RegExp;
  cause: RegExp;
  next: RegExp;
}

describe.skipIf(SKIPPED !== '')(`a build fault${SKIPPED}`, () => {
  let world: RealWorld;
  const table: Record<string, string>[] = [];

  beforeAll(async () => {
    world = await connectWorld();
  });

  afterAll(async () => {
    console.log(table.map((row) => Object.values(row).join(' | ')).join('\n'));
    await world?.stop();
  });

  const run = async (pod: KubeObject, ...ends: Parameters<RealWorld['kubelet']['end']>[1][]) => {
    await world.kubelet.run(pod);
    await world.kubelet.end(
      pod,
      ends.flat().filter((end) => end !== undefined),
    );
  };
  const buildStep = (pod: KubeObject) => stepsOf(pod).find((step) => !step.startsWith('step-source')) ?? '';

  const quota = (namespace: string, hard: Record<string, string>) => {
    const metadata = { namespace, name: 'tight' };
    const object = { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } };
    return applyManifests(world.client, [object], { fieldManager: 'kubectl' });
  };

  const FAULTS: Fault[] = [
    {
      name: 'bad git secret',
      build: { srcRepo: { url: 'https://git.example.com/acme/private.git', credentials: { name: 'git-secret' } } },
      prepare: (namespace) => makeSecret(world.client, namespace, 'git-secret'),
      strike: (pod) =>
        run(pod, [
          {
            step: 'step-source-default',
            exitCode: 128,
            results: {
              'shp-error-reason': 'GitAuthInvalidUserOrPass',
              'shp-error-message': 'The basic authentication has failed. Check your username and password.',
            },
          },
        ]),
      shown: /GitAuthInvalidUserOrPass/,
      reason: 'GitAuthInvalidUserOrPass',
      object: /BuildRun \S+: step-source-default \(exit code 128\)/,
      cause: /git\.example\.com\/acme\/private\.git.*basic authentication has failed/,
      next: /Correct username and password .* in Secret \S+\/git-secret \(spec\.build\.srcRepo\.credentials\)/,
    },
    {
      name: 'unknown host',
      strike: (pod) =>
        run(pod, [
          {
            step: 'step-source-default',
            exitCode: 128,
            log: "fatal: unable to access 'https://git.example.com/acme/functions.git/': Could not resolve host: git.example.com\n",
          },
        ]),
      shown: /step-source-default/,
      reason: 'GitHostUnknown',
      object: /step-source-default \(exit code 128\)/,
      cause: /host git\.example\.com .* is unknown/,
      next: /Check spec\.build\.srcRepo\.url/,
    },
    {
      name: 'push denied',
      strike: (pod) =>
        run(pod, [
          {
            step: buildStep(pod),
            exitCode: 62,
            log: 'ERROR: failed to export: failed to write image: POST https://registry.example.com/v2/acme/resize/blobs/uploads/: DENIED: requested access to the resource is denied\n',
          },
        ]),
      shown: /"exitCode":62/,
      reason: 'PushDenied',
      object: /step-\S+ \(exit code 62\)/,
      cause: /registry refused to take registry\.example\.com\/acme\/resize/,
      next: /docker-registry Secret .* spec\.imageCredentials/,
    },
    {
      name: 'missing strategy',
      build: { shipwright: { strategy: { name: 'nowhere', kind: 'ClusterBuildStrategy' } } },
      shown: /ClusterBuildStrategyNotFound/,
      reason: 'DependencyMissing',
      object: /Build \S+: ClusterBuildStrategy nowhere/,
      cause: /nowhere not found/,
      next: /Install it or name another in spec\.build\.shipwright\.strategy/,
    },
    {
      name: 'missing param',
      build: { shipwright: { strategy: { name: 'demanding', kind: 'BuildStrategy' } } },
      prepare: (namespace) => world.client.create(BUILD_STRATEGY, demandingStrategy(namespace)),
      shown: /MissingParameterValues/,
      reason: 'MissingParameterValues',
      object: /BuildStrategy \S+\/demanding/,
      cause: /needs parameters that have no value: channel/,
      next: /spec\.build\.shipwright\.params/,
    },
    {
      name: 'step exit 1',
      strike: (pod) =>
        run(pod, [{ step: buildStep(pod), exitCode: 1, log: 'main.go:3:8: undefined: Hello\nexit status 1\n' }]),
      shown: /"exitCode":1\b/,
      reason: 'Failed',
      object: /step-\S+ \(exit code 1\)/,
      cause: /Last lines: \[main\.go:3:8: undefined: Hello \| exit status 1\]/,
      next: /Correct the source or the build settings.* kubectl logs -n \S+ \S+-pod -c step-/,
    },
    {
      name: 'out of memory',
      strike: (pod) => run(pod, [{ step: buildStep(pod), exitCode: 137, reason: 'OOMKilled' }]),
      shown: /OOMKilled/,
      reason: 'StepOutOfMemory',
      object: /step-\S+ \(exit code 137\)/,
      cause: /out of memory/,
      next: /Raise resources\.limits\.memory of step-/,
    },
    {
      name: 'pod evicted',
      strike: async (pod) => {
        await world.kubelet.run(pod);
        await world.kubelet.evict(pod, 'The node was low on resource: ephemeral-storage.');
      },
      shown: /Evicted/,
      reason: 'PodEvicted',
      object: /pod \S+-pod was evicted/,
      cause: /low on resource: ephemeral-storage/,
      next: /Request what the build needs/,
    },
    {
      name: 'quota',
      prepare: (namespace) => quota(namespace, { pods: '0' }),
      shown: /exceeded quota/,
      reason: 'QuotaExceeded',
      object: /ResourceQuota of namespace/,
      cause: /leaves no room for the pod: tight, requested: pods=1, limited: pods=0/,
      next: /raise the quota/,
    },
    {
      name: 'quota on limits',
      prepare: (namespace) => quota(namespace, { 'limits.cpu': '4' }),
      shown: /failed quota/,
      reason: 'QuotaIncomplete',
      object: /a ResourceQuota of namespace \S+ refuses the pod/,
      cause: /must specify limits\.cpu for: \S*step-source-default/,
      next: /Set defaults by the annotation openfunction\.io\/build-limits of Namespace \S+ .* or by a LimitRange in namespace/,
    },
    {
      name: 'PodSecurity',
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
      shown: /violates PodSecurity/,
      reason: 'PodSecurity',
      object: /namespace \S+ does not admit the pod/,
      cause: /restricted/,
      next: /Choose a strategy that needs less/,
    },
    {
      name: 'image pull',
      strike: (pod) =>
        world.kubelet.hold(pod, {
          reason: 'ImagePullBackOff',
          message: 'Back-off pulling image "example.com/builder:v1": ErrImagePull: not found',
        }),
      shown: /ImagePull/,
      reason: 'ImagePullFailed',
      object: /image \S+ cannot be pulled/,
      cause: /cannot be pulled/,
      next: /Check the image's name/,
    },
    {
      name: 'timeout',
      build: { shipwright: { timeout: '6s' } },
      strike: (pod) => world.kubelet.run(pod),
      shown: /BuildRunTimeout/,
      reason: 'BuildRunTimeout',
      object: /BuildRun \S+/,
      cause: /did not end within its timeout of 6s/,
      next: /Raise spec\.build\.shipwright\.timeout/,
    },
  ];

  test.each(FAULTS)('$name', async (fault) => {
    const { build = {}, labels = {}, strike } = fault;
    const namespace = await world.namespace(labels);
    await fault.prepare?.(namespace);
    const fn = await applyFunction(world.client, sketchFunction({ namespace, name: 'resize', build, serving: false }));
    if (strike !== undefined) await strike(await world.pod(namespace));
    await waitFor('it is shown', async () => fault.shown.test(await shownIn(namespace)), 60_000);
    const shownAt = Date.now();
    const message = await said(fn, fault);
    const tookMs = Date.now() - shownAt;
    const line = (await world.kubectl('get', 'fn', '-n', namespace, '--no-headers')).trim();
    const description = (await world.kubectl('describe', 'fn', '-n', namespace, 'resize')).replaceAll(/\s+/g, ' ');
    table.push({ fault: fault.name, said: `${tookMs} ms`, reason: line.split(/\s+/).slice(1, 5).join(' '), message });
    expect(line).toMatch(new RegExp(`\\b(${fault.reason})\\b`));
    for (const part of [fault.object, fault.cause, fault.next]) expect(description).toMatch(part);
    expect(tookMs).toBeLessThanOrEqual(SAID_WITHIN_MS);
    const { build: { state = '', resourceRef } = {}, conditions } = (await world.read(fn)).status ?? {};
    const again = commandIn(conditions?.find(({ type }) => type === 'Built')?.message ?? '');
    expect(again !== undefined).toBe(BUILD_ENDED.includes(state));
    if (again === undefined) return;
    await world.kubectl(...again);
    await world.find(BUILDER, namespace, ({ metadata }) => metadata.name !== resourceRef);
  });

  /** What Shipwright and the pod say, in one text. */
  const shownIn = async (namespace: string): Promise<string> => {
    const kinds = [SHIPWRIGHT_BUILD, SHIPWRIGHT_BUILD_RUN, POD];
    const lists = await Promise.all(kinds.map((kind) => world.client.list(kind, { namespace })));
    return JSON.stringify(lists.flatMap(({ items }) => items).map((object) => object['status']));
  };

  /** The message of the condition Built, as soon as it tells the fault whole. */
  const said = (fn: Function, { object, cause, next, reason }: Fault): Promise<string> =>
    waitFor(
      'the Function says it',
      async () => {
        const built = (await world.read(fn)).status?.conditions?.find(({ type }) => type === 'Built');
        for (const part of [object, cause, next]) expect(built?.message).toMatch(part);
        expect(built?.reason).toMatch(new RegExp(`^(${reason})$`));
        return built?.message;
      },
      30_000,
    );
});

/** The words behind `kubectl` of the command by which it is built again. */
function commandIn(message: string): string[] | undefined {
  return message.match(/kubectl (annotate \S.*? openfunction\.io\/rebuild=\S+)/)?.[1]?.split(' ');
}

/** A strategy that needs a parameter without a default. */
function demandingStrategy(namespace: string): KubeObject {
  return {
    apiVersion: 'shipwright.io/v1beta1',
    kind: 'BuildStrategy',
    metadata: { namespace, name: 'demanding' },
    spec: {
      parameters: [
        { name: 'channel', description: 'Where to publish.' },
        { name: 'builder-image', description: 'Not used.', default: '' },
        { name: 'ENV_VARS', description: 'Not used.', default: '' },
      ],
      steps: [{ name: 'build', image: 'example.com/build', command: ['true'], args: ['$(params.channel)'] }],
    },
  };
}
