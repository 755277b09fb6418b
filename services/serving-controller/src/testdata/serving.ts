import type { KubeObject, Serving, ServingSpec } from '@openfunction/api';
import { type EngineInput, engineOf } from '../engines/index.ts';
import { DEFAULT_CONFIG } from '../operator-config.ts';

/** A Serving of the function `fn` in the namespace `ns`. */
export function makeServing(spec: Partial<ServingSpec> = {}, more: Partial<Serving> = {}): Serving {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Serving',
    metadata: {
      name: 'serving-a',
      namespace: 'ns',
      uid: 'uid-s',
      labels: { 'openfunction.io/function': 'fn' },
      annotations: {},
    },
    spec: { image: 'acme/fn:v1', version: 'v1.0.0', triggers: { http: { port: 8080 } }, ...spec },
    ...more,
  };
}

/** What its objects are made from, in an empty cluster. */
export function makeInput(serving: Serving, more: Partial<EngineInput> = {}): EngineInput {
  return {
    serving,
    config: DEFAULT_CONFIG,
    gateway: undefined,
    clusterDomain: 'cluster.local',
    owned: [],
    components: new Map(),
    scaleTargetByName: true,
    ...more,
  };
}

/** Everything that is made of it. */
export function make(serving: Serving, more: Partial<EngineInput> = {}): KubeObject[] {
  return engineOf(serving).make(makeInput(serving, more));
}

/** The one object of a kind, whose name tells it apart when there are several. */
export function the(objects: readonly KubeObject[], kind: string, named = ''): KubeObject {
  const found = objects.filter((object) => object.kind === kind && object.metadata.name.includes(named));
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} objects of kind ${kind}`);
  return found[0];
}

/** An object as the cluster shows it, with changes. */
export function asStored(object: KubeObject, change: (copy: KubeObject) => void = () => {}): KubeObject {
  const copy = structuredClone(object);
  copy.metadata = { ...copy.metadata, uid: `uid-${copy.metadata.name}`, resourceVersion: '1' };
  change(copy);
  return copy;
}

/** Names and values of the variables of a pod's container. */
export function envOf(pod: KubeObject['spec'], container = 'function'): Record<string, string> {
  const found = pod.containers.find(({ name }: { name: string }) => name === container);
  return Object.fromEntries(found.env.map(({ name, value }: { name: string; value: string }) => [name, value]));
}

/** One Dapr component of a type. */
export function component(type: string) {
  return { type, version: 'v1', metadata: [] };
}
