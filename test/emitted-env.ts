import { childMeta, type Function, type KubeObject, type Serving, type ServingSpec } from '@openfunction/api';
import { sketchFunction } from '@openfunction/testing';
import { engineOf } from '../services/serving-controller/src/engines/index.ts';
import { DEFAULT_CONFIG, type OperatorConfig } from '../services/serving-controller/src/operator-config.ts';

interface EnvVar {
  name: string;
  value?: string;
}

interface PodTemplate {
  spec: { containers: { name: string; env?: EnvVar[] }[] };
}

/** A Serving as the function-controller makes it. */
export function sketchServing(spec: Partial<ServingSpec>): Serving {
  const fn = sketchFunction({ namespace: 'default', name: 'on-order' });
  fn.metadata.uid = '6e3c5a94-0000-4000-8000-000000000001';
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Serving',
    metadata: { ...metaOf(fn), uid: '6e3c5a94-0000-4000-8000-000000000002' },
    spec: { image: 'local/on-order:v1', version: 'v1.0.0', ...spec },
  };
}

/** The variables that our objects give the function's process, without those that only a running pod has. */
export function emittedEnv(serving: Serving, config: OperatorConfig = DEFAULT_CONFIG): Record<string, string> {
  const made = emittedObjects(serving, config);
  const template = made.map(templateOf).find((found) => found !== undefined);
  const container = template?.spec.containers.find(({ name }) => name === 'function');
  if (container === undefined) throw new Error('no object has a container called function');
  return Object.fromEntries((container.env ?? []).flatMap(({ name, value }) => (value ? [[name, value]] : [])));
}

/** Everything that the Serving is made of. */
export function emittedObjects(serving: Serving, config: OperatorConfig = DEFAULT_CONFIG): KubeObject[] {
  const clusterDomain = 'cluster.local';
  const world = { gateway: undefined, clusterDomain, owned: [], components: new Map(), scaleTargetByName: true };
  return engineOf(serving).make({ serving, config, ...world });
}

function metaOf(fn: Function) {
  return childMeta(fn, 'serving-2x9fd', { labels: { 'openfunction.io/function': fn.metadata.name } });
}

/** The pods of a Deployment or a Knative Service of the function itself, not of its Dapr proxy. */
function templateOf({
  kind,
  metadata,
  spec,
}: KubeObject & { spec?: { template?: PodTemplate } }): PodTemplate | undefined {
  const isWorkload = kind === 'Deployment' || (kind === 'Service' && spec?.template !== undefined);
  const isProxy = metadata.labels?.['openfunction.io/proxy'] !== undefined;
  return isWorkload && !isProxy ? spec?.template : undefined;
}
