import { expect, it } from 'vitest';
import { valueAt } from '../rules.ts';
import { convert, V1BETA2_PRESERVED, v1beta1Path } from './convert.ts';

const V1BETA2 = 'core.openfunction.io/v1beta2';

const FUNCTION = {
  apiVersion: 'core.openfunction.io/v1beta1',
  kind: 'Function',
  metadata: { name: 'f', annotations: { plugins: 'pre: [a]', 'plugins.tracing': 'enabled: true' } },
  spec: {
    image: 'i',
    port: 81,
    route: { hostnames: ['h'] },
    build: { params: { z: '1', a: '2' }, srcRepo: { url: 'u' } },
    serving: {
      runtime: 'knative',
      outputs: [{ name: 'out', component: 'k', topic: 't', params: { p: 'v' } }],
      states: { s: { type: 'state.redis', version: 'v1', metadata: [] } },
      bindings: { k: { type: 'bindings.kafka', version: 'v1', metadata: [] } },
      triggers: [{ type: 'cron', metadata: { start: '1' } }],
      scaleOptions: { keda: { scaledObject: { minReplicaCount: 1, maxReplicaCount: 3, workloadType: 'StatefulSet' } } },
      template: { containers: [{ name: 'function' }] },
    },
  },
};
const ASYNC = {
  ...FUNCTION,
  spec: {
    serving: {
      ...FUNCTION.spec.serving,
      runtime: 'async',
      inputs: [{ name: 'in', component: 'k', topic: 't' }],
      scaleOptions: { minReplicas: 2, keda: { scaledJob: { maxReplicaCount: 4 } } },
    },
  },
};

/** v1beta1 path, v1beta2 path; both must hold the same value, so the row is true of the conversion too. */
it.each([
  [FUNCTION, 'spec.port', 'spec.serving.triggers.http.port'],
  [FUNCTION, 'spec.route', 'spec.serving.triggers.http.route'],
  [FUNCTION, 'spec.route.hostnames.0', 'spec.serving.triggers.http.route.hostnames.0'],
  [FUNCTION, 'spec.build.params.a', 'spec.build.shipwright.params.0.value'],
  [FUNCTION, 'spec.build.params.z', 'spec.build.shipwright.params.1.value'],
  [FUNCTION, 'spec.build.srcRepo.url', 'spec.build.srcRepo.url'],
  [FUNCTION, 'spec.serving.outputs.0.component', 'spec.serving.outputs.0.dapr.name'],
  [FUNCTION, 'spec.serving.outputs.0.name', 'spec.serving.outputs.0.dapr.outputName'],
  [FUNCTION, 'spec.serving.outputs.0.params.p', 'spec.serving.outputs.0.dapr.metadata.p'],
  [FUNCTION, 'spec.serving.outputs.0.topic', 'spec.serving.outputs.0.dapr.topic'],
  [FUNCTION, 'spec.serving.states.s.type', 'spec.serving.states.s.spec.type'],
  [FUNCTION, 'spec.serving.triggers.0.type', 'spec.serving.scaleOptions.keda.triggers.0.type'],
  [FUNCTION, 'spec.serving.scaleOptions.keda.scaledObject.minReplicaCount', 'spec.serving.scaleOptions.minReplicas'],
  [FUNCTION, 'spec.serving.scaleOptions.keda.scaledObject.maxReplicaCount', 'spec.serving.scaleOptions.maxReplicas'],
  [FUNCTION, 'spec.serving.scaleOptions.keda.scaledObject.workloadType', 'spec.serving.workloadType'],
  [FUNCTION, 'spec.serving.template.containers.0.name', 'spec.serving.template.containers.0.name'],
  [ASYNC, 'spec.serving.inputs.0.component', 'spec.serving.triggers.dapr.0.name'],
  [ASYNC, 'spec.serving.inputs.0.name', 'spec.serving.triggers.dapr.0.inputName'],
  [ASYNC, 'spec.serving.inputs.0.topic', 'spec.serving.triggers.dapr.0.topic'],
  [ASYNC, 'spec.serving.scaleOptions.minReplicas', 'spec.serving.scaleOptions.minReplicas'],
  [ASYNC, 'spec.serving.scaleOptions.keda.scaledJob.maxReplicaCount', 'spec.serving.scaleOptions.maxReplicas'],
])('the same value stands at both paths (%#): %s %s', (object, v1, v2) => {
  const converted = convert(object, V1BETA2);
  expect(v1beta1Path(object, path(v2))).toEqual(path(v1));
  expect(valueAt(object, path(v1))).toBeDefined();
  expect('object' in converted && valueAt(converted.object, path(v2))).toEqual(valueAt(object, path(v1)));
});

const ANNOTATION = ['metadata', 'annotations'];
const PRESERVED = { ...FUNCTION, metadata: { annotations: { [V1BETA2_PRESERVED]: '{}' } } };

it.each([
  ['hooks are the annotation', FUNCTION, 'spec.serving.hooks.pre.0', [...ANNOTATION, 'plugins']],
  ['tracing is the annotation', FUNCTION, 'spec.serving.tracing.provider.name', [...ANNOTATION, 'plugins.tracing']],
  ['the kind of trigger is the runtime', FUNCTION, 'spec.serving.triggers', path('spec.serving.runtime')],
  ['a default for the port has the port', ASYNC, 'spec.serving.triggers.http.port', path('spec.port')],
  [
    'Job comes from the scaled job',
    ASYNC,
    'spec.serving.workloadType',
    path('spec.serving.scaleOptions.keda.scaledJob'),
  ],
  [
    'an engine can only be preserved',
    PRESERVED,
    'spec.serving.triggers.http.engine',
    [...ANNOTATION, V1BETA2_PRESERVED],
  ],
  [
    'so can a parameter that is not in the map',
    PRESERVED,
    'spec.build.shipwright.params.7.name',
    [...ANNOTATION, V1BETA2_PRESERVED],
  ],
  ['without an annotation it is the map', FUNCTION, 'spec.build.shipwright.params.7.name', path('spec.build.params')],
  [
    'a Builder has the parameters in its spec',
    { ...FUNCTION, kind: 'Builder', spec: FUNCTION.spec.build },
    'spec.shipwright.params.0',
    path('spec.params.a'),
  ],
  [
    'a Serving has the port in its spec',
    { ...FUNCTION, kind: 'Serving' },
    'spec.triggers.http.port',
    path('spec.port'),
  ],
  [
    'a Serving has no route in v1beta1',
    { ...FUNCTION, kind: 'Serving' },
    'spec.triggers.http.route',
    path('spec.runtime'),
  ],
  ['what is no object has the same paths', null, 'spec.image', path('spec.image')],
])('%s', (_name, object, v2, expected) => {
  expect(v1beta1Path(object, path(v2))).toEqual(expected);
});

function path(text: string): (string | number)[] {
  return text.split('.').map((segment) => (/^\d+$/.test(segment) ? Number(segment) : segment));
}
