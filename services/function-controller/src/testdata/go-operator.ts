import type { Builder, Function, Serving, StepStatus } from '@openfunction/api';
import { goBuilderHash } from '../resources/go-builder.ts';
import { BUILD, makeFunction, World } from './world.ts';

/** Any: the Go operator's hash of a serving cannot be told from the outside. */
const SERVING_HASH = '16094209176066618941';
const EMPTY_HASH = '14165285899942527405';
const DIGEST = 'sha256:1';

const SERVING = {
  triggers: {
    http: { port: 8080, route: { gatewayRef: { name: 'openfunction', namespace: 'openfunction' } } },
  },
  params: { LEVEL: 'info' },
  timeout: '60s',
  scaleOptions: { minReplicas: 0 },
  template: { containers: [{ name: 'function', resources: { limits: { cpu: '1000m', memory: '128Mi' } } }] },
};

/** The same as the Go client writes it: zero values filled in, some left out, durations and quantities in canonical form. */
const GO_SERVING = {
  ...SERVING,
  triggers: { ...SERVING.triggers, dapr: null, inputs: null },
  timeout: '1m0s',
  template: {
    containers: [
      { name: 'function', image: '', resources: { limits: { cpu: '1', memory: '128Mi' } }, livenessProbe: null },
    ],
  },
};

/** A Function that v1.2 has built (unless `build` is undefined) and serves. */
export function makeGoFunction(spec: Partial<Function['spec']> = {}): Function {
  const given: Partial<Function['spec']> = { build: BUILD, serving: SERVING as Function['spec']['serving'], ...spec };
  const { build, ...rest } = given;
  const fn = makeFunction(build === undefined ? rest : { ...rest, build });
  const metadata = { ...fn.metadata, annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } };
  const built: StepStatus = { state: 'Succeeded', resourceRef: 'builder-x7k2p', resourceHash: goBuilderHash(fn) };
  const status = {
    build: build === undefined ? { state: 'Skipped', resourceHash: EMPTY_HASH } : built,
    serving: {
      state: 'Running',
      resourceRef: 'serving-q9z4m',
      lastSuccessfulResourceRef: 'serving-q9z4m',
      resourceHash: SERVING_HASH,
      service: 'serving-q9z4m-ksvc-5w8rd',
    },
    ...(build !== undefined && { revision: { imageDigest: DIGEST } }),
  };
  return { ...fn, metadata, status };
}

/** The Serving that v1.2 made of that Function: all its annotations, and the digest at the image. */
export function makeGoServing(fn: Function, more: Partial<Serving['spec']> = {}): Serving {
  const digest = fn.status?.revision?.imageDigest;
  const image = digest === undefined ? fn.spec.image : `${fn.spec.image}@${digest}`;
  const spec = { version: fn.spec.version, image, ...GO_SERVING, ...more } as Serving['spec'];
  const name = 'serving-q9z4m';
  const status = { phase: 'Serving', state: 'Running', url: `${name}-ksvc-5w8rd` };
  return { ...shell(fn, 'Serving', name), spec, status };
}

/** The Builder that v1.2 made of that Function, in the given state. */
export function makeGoBuilder(fn: Function, state: string): Builder {
  const { image, build } = fn.spec;
  const spec = { ...build, image } as Builder['spec'];
  return { ...shell(fn, 'Builder', 'builder-x7k2p'), spec, status: { phase: 'Build', state } };
}

/** The world in which these objects stand. */
export function goWorld(fn: Function, serving: Serving | undefined = makeGoServing(fn), builder?: Builder): World {
  const world = new World(fn);
  if (serving !== undefined) world.servings.set(serving.metadata.name, serving);
  if (builder !== undefined) world.builders.set(builder.metadata.name, builder);
  return world;
}

function shell(fn: Function, kind: string, name: string) {
  const { uid = '', namespace, annotations = {} } = fn.metadata;
  const owner = { apiVersion: 'core.openfunction.io/v1beta2', kind: 'Function', name: fn.metadata.name, uid };
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind,
    metadata: {
      name,
      generateName: `${kind.toLowerCase()}-`,
      ...(namespace !== undefined && { namespace }),
      uid: `uid-${name}`,
      creationTimestamp: '2026-01-01T11:00:00Z',
      labels: { 'openfunction.io/function': fn.metadata.name },
      ...(kind === 'Serving' && { annotations }),
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
  };
}
