import type { KubeObject, ServingSpec } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { asStored, component, make, makeInput, makeServing, the } from '../../testdata/serving.ts';
import { engineOf, revisionMetadata } from '../index.ts';

const HTTP = { triggers: { http: { port: 8080 } } };
const MAX = 'autoscaling.knative.dev/max-scale';

function service(spec: Partial<ServingSpec> = {}, owned: KubeObject[] = [], hooks: string[] = []): KubeObject {
  const config = { daprProxyImage: 'proxy', hooks: { pre: hooks } };
  return the(make(makeServing(spec), { owned, config }), 'Service');
}

function template(spec: Partial<ServingSpec> = {}) {
  return service(spec)['spec'].template;
}

function container(spec: Partial<ServingSpec> = {}, name = 'function') {
  return template(spec).spec.containers.find((each: { name: string }) => each.name === name);
}

/** As Knative's webhook stores it: with its defaults, and quantities in its own words. */
function stored(made: KubeObject): KubeObject {
  return asStored(made, ({ spec }) => {
    const pod = spec.template.spec;
    spec.template.metadata.creationTimestamp = null;
    Object.assign(pod, { timeoutSeconds: 300, containerConcurrency: 0, enableServiceLinks: false });
    pod.containers[0].resources = { limits: { cpu: '1' }, requests: {} };
    pod.containers[0].readinessProbe = { successThreshold: 1, tcpSocket: { port: 0 } };
  });
}

describe('the port of a Knative Service', () => {
  it.each<[string, object[], object[]]>([
    ['is the only one: Knative refuses two', [{ containerPort: 9000 }], [{ containerPort: 8080 }]],
    [
      'keeps the name that the user gives it',
      [{ containerPort: 9000 }, { containerPort: 8080, name: 'h2c' }],
      [{ containerPort: 8080, name: 'h2c' }],
    ],
    ['is no other protocol', [{ containerPort: 8080, protocol: 'UDP' }], [{ containerPort: 8080 }]],
  ])('%s', (_case, ports, wanted) => {
    const template = { containers: [{ name: 'function', ports }] } as ServingSpec['template'];
    const service = the(make(makeServing({ ...HTTP, ...(template && { template }) })), 'Service');
    expect(service['spec'].template.spec.containers[0].ports).toEqual(wanted);
  });
});

describe('the Knative Service', () => {
  it('that the Go operator made with a variable twice gets a new revision: the API server takes no such template', () => {
    const name = 'serving-a-ksvc-5w8rd';
    const left = (...env: object[]) =>
      asStored(service(), (copy) => {
        copy.metadata.name = name;
        const { metadata, spec } = copy['spec'].template;
        metadata.name = `${name}-v100`;
        spec.containers = [{ name: 'function', image: 'as-it-was', env }];
      });
    const once = service({}, [left({ name: 'A' })])['spec'].template;
    expect([once.metadata.name, once.spec.containers[0].image]).toEqual([`${name}-v100`, 'as-it-was']);
    const twice = service({}, [left({ name: 'A' }, { name: 'A' })])['spec'].template;
    expect(twice.metadata.name).toMatch(new RegExp(`^${name}-v100-[a-z0-9]{10}$`));
    expect(twice.spec).toEqual(service()['spec'].template.spec);
  });

  it('has no field of the template that its definition does not declare', () => {
    const full = { terminationGracePeriodSeconds: 60, nodeSelector: { zone: 'a' }, containers: [] };
    const { terminationGracePeriodSeconds: _left, ...template } = full;
    const dapr = { triggers: { ...HTTP.triggers, dapr: [{ name: 'in', type: 'bindings.cron' }] } };
    const serving = makeServing({ ...dapr, template: full });
    const pruned = { template, left: ['spec.serving.template.terminationGracePeriodSeconds'] };
    const made = make(serving, { pruned });
    expect(the(made, 'Service', 'ksvc')).toEqual(the(make(makeServing({ ...dapr, template })), 'Service', 'ksvc'));
    expect(the(made, 'Deployment')).toEqual(the(make(serving), 'Deployment'));
  });

  it('of the smallest Serving (controllers.md §3.9)', () => {
    const { metadata, spec } = service();
    expect(metadata.name).toMatch(/^serving-a-ksvc-[a-z][a-z0-9]{9}$/);
    expect(metadata.labels).toEqual({ 'openfunction.io/serving': 'serving-a' });
    expect(spec.template.metadata).toEqual({
      name: `${metadata.name}-v100`,
      namespace: 'ns',
      labels: { 'openfunction.io/serving': 'serving-a', 'app.kubernetes.io/version': 'v1.0.0' },
      annotations: {
        'dapr.io/app-id': 'fn-ns',
        'dapr.io/log-as-json': 'true',
        'dapr.io/app-protocol': 'grpc',
        'dapr.io/app-port': '8080',
        'dapr.io/metrics-port': '19090',
        'dapr.io/enabled': 'false',
      },
    });
    expect(container()).toMatchObject({
      image: 'acme/fn:v1',
      imagePullPolicy: 'IfNotPresent',
      ports: [{ containerPort: 8080 }],
    });
  });

  it('scales as asked: replica bounds win over annotations, and the concurrency is set on the revision too', () => {
    const knative = { 'autoscaling.knative.dev/min-scale': '4', 'autoscaling.knative.dev/container-concurrency': '7' };
    const made = template({ scaleOptions: { minReplicas: 1, maxReplicas: 3, knative } });
    expect(made.metadata.annotations).toMatchObject({
      'autoscaling.knative.dev/min-scale': '1',
      'autoscaling.knative.dev/minScale': '1',
      'autoscaling.knative.dev/max-scale': '3',
      'autoscaling.knative.dev/maxScale': '3',
      'autoscaling.knative.dev/container-concurrency': '7',
    });
    expect(made.spec.containerConcurrency).toBe(7);
  });

  it('keeps its name, whatever is changed in place', () => {
    const { name } = service().metadata;
    const route = { hostnames: ['a.example.com'] };
    const changed = { triggers: { http: { port: 8080, route } }, timeout: '1m', labels: { team: 'a' } };
    expect(service(changed).metadata.name).toBe(name);
    expect(template(changed).spec).toEqual(template().spec);
  });

  it('comes with Components before it and the proxy after it, all named in the status', () => {
    const serving = makeServing({
      ...HTTP,
      outputs: [{ dapr: { name: 'o' } }],
      bindings: { o: component('bindings.kafka') },
    });
    const made = make(serving);
    expect(made.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`)).toEqual([
      'dapr.io/v1alpha1 Component',
      'v1 Service',
      'serving.knative.dev/v1 Service',
      'apps/v1 Deployment',
    ]);
    const [first, , second, third] = made.map(({ metadata }) => metadata.name);
    expect(engineOf(serving).refer(makeInput(serving))).toEqual({
      resourceRef: { 'dapr.io/component': first, 'serving.knative.dev/service': second, 'dapr-proxy': third },
      service: second,
    });
    expect(the(made, 'Deployment')['spec'].template.metadata.annotations).not.toHaveProperty(MAX);
  });
});

describe('a change in place', () => {
  const before = stored(
    service({ template: { containers: [{ name: 'function', resources: { limits: { cpu: '1000m' } } }] } }),
  );
  const kept = (spec: Partial<ServingSpec>, owned: KubeObject, hooks: string[] = []) =>
    service(
      { template: { containers: [{ name: 'function', resources: { limits: { cpu: '1000m' } } }] }, ...spec },
      [owned],
      hooks,
    );
  const patch = (spec: Partial<ServingSpec>, owned: KubeObject) => {
    const serving = makeServing({
      template: { containers: [{ name: 'function', resources: { limits: { cpu: '1000m' } } }] },
      ...spec,
    });
    return revisionMetadata(
      makeInput(serving, { config: { daprProxyImage: 'proxy', hooks: { pre: [] } }, owned: [owned] }),
    );
  };

  it('is none as long as nothing differs: defaults of Knative, and its words for a quantity, are no difference, and stay', () => {
    expect(kept({}, before)['spec'].template).toEqual(before['spec'].template);
    expect(kept({}, before).metadata.annotations).toBeUndefined();
    expect(patch({}, before)).toBeUndefined();
  });

  it('of scale limits and labels leaves the template, and goes to the Revision', () => {
    const change = { scaleOptions: { maxReplicas: 3 }, labels: { team: 'a' } };
    const made = kept(change, before);
    expect(made['spec'].template.metadata).toMatchObject({ name: before['spec'].template.metadata.name });
    expect(made['spec'].template.metadata.annotations).not.toHaveProperty(MAX);
    expect(patch(change, before)).toEqual({
      name: before['spec'].template.metadata.name,
      labels: { team: 'a' },
      annotations: { [MAX]: '3', 'autoscaling.knative.dev/maxScale': '3' },
    });
  });

  it('is taken back: the Revision loses what is wanted no more, and gets again what the template says', () => {
    const changed = stored(kept({ labels: { team: 'a' }, annotations: { note: 'x' } }, before));
    expect(patch({}, changed)).toMatchObject({ labels: { team: null }, annotations: { note: null } });
    const limited = stored(service({ scaleOptions: { maxReplicas: 3 } }));
    const raised = stored(service({ scaleOptions: { maxReplicas: 5 } }, [limited]));
    const input = makeInput(makeServing({ scaleOptions: { maxReplicas: 3 } }), { owned: [raised] });
    expect(revisionMetadata({ ...input, config: { daprProxyImage: 'proxy' } })?.annotations).toMatchObject({
      [MAX]: '3',
    });
  });

  it('of the pod makes a Revision beside the first, under a name of its own, with all labels and annotations', () => {
    const made = kept({ labels: { team: 'a' } }, before, ['audit']);
    const { name, labels } = made['spec'].template.metadata;
    expect(name).toMatch(/^serving-a-ksvc-[a-z0-9]{10}-v100-[a-z0-9]{10}$/);
    expect(labels).toMatchObject({ team: 'a' });
    expect(made.metadata.annotations).toBeUndefined();
    const again = stored(made);
    expect(kept({ labels: { team: 'a' } }, again, ['audit'])['spec'].template.metadata.name).toBe(name);
  });

  it('by hand, of the pod, is put right', () => {
    const drifted = asStored(before, ({ spec }) => {
      spec.template.metadata.name = 'by-hand';
      spec.template.spec.containers[0].image = 'evil';
    });
    const { metadata, spec } = kept({}, drifted)['spec'].template;
    expect(metadata.name).not.toBe('by-hand');
    expect(spec.containers[0].image).toBe('acme/fn:v1');
  });

  it('is not made of what somebody wrote into our notes', () => {
    const spoiled = asStored(before, ({ metadata }) => {
      metadata.annotations = { 'openfunction.io/revision-keys': '{' };
    });
    expect(patch({}, spoiled)).toBeUndefined();
  });
});

describe('a Knative Service that the Go operator made', () => {
  const left = asStored(service(), (copy) => {
    copy.metadata.name = 'serving-a-ksvc-5w8rd';
    copy['spec'].template.metadata.name = 'serving-a-ksvc-5w8rd-v100';
    copy['spec'].template.spec.containers[0].env = [{ name: 'FUNC_CONTEXT', value: 'in other words' }];
  });

  it('keeps its name and its template, so that nothing is restarted', () => {
    const made = service({}, [left]);
    expect(made.metadata.name).toBe(left.metadata.name);
    expect(made['spec']).toEqual(left['spec']);
  });

  it('is not restarted for a label or annotation that it never had', () => {
    const bare = asStored(left, ({ spec }) => {
      spec.template.metadata = { name: 'serving-a-ksvc-5w8rd-v100' };
    });
    expect(service({}, [bare])['spec']).toEqual(bare['spec']);
    expect(service({}, [bare]).metadata.annotations).toBeUndefined();
    expect(revisionMetadata(makeInput(makeServing(), { owned: [bare] }))).toBeUndefined();
  });

  it('is scaled in place all the same', () => {
    const serving = makeServing({ scaleOptions: { maxReplicas: 2 } });
    expect(revisionMetadata(makeInput(serving, { owned: [left] }))).toMatchObject({
      name: 'serving-a-ksvc-5w8rd-v100',
      annotations: { [MAX]: '2' },
    });
  });
});
