import type { Gateway, ServingSpec } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { asStored, make, makeInput, makeServing, the } from '../../testdata/serving.ts';
import { type EngineInput, engineOf } from '../index.ts';

const KEDA = { scaleOptions: { keda: {} } };

function kedaHttp(spec: Partial<ServingSpec> = {}, route?: object) {
  const http = { engine: 'keda', port: 9898, ...(route !== undefined && { route }) };
  return makeServing({ triggers: { http }, ...spec });
}

function scaled(route?: object, more: Partial<EngineInput> = {}) {
  return the(make(kedaHttp(KEDA, route), more), 'HTTPScaledObject')['spec'];
}

const GATEWAY = {
  spec: { domain: 'ofn.io', clusterDomain: 'my.cluster', hostTemplate: '{{.Name}}.{{.Namespace}}.{{.Domain}}' },
} as Gateway;

describe('the KEDA HTTP engine (controllers.md §3.10)', () => {
  it('makes a Deployment, the Service to it, and what scales it, all named in the status', () => {
    const serving = kedaHttp({ scaleOptions: { minReplicas: 0, maxReplicas: 10, keda: {} } });
    serving.status = { state: 'Running' };
    const made = make(serving);
    expect(made.map(({ kind }) => kind)).toEqual(['Deployment', 'Service', 'HTTPScaledObject']);
    const [deployment, service, scaler] = made.map(({ metadata }) => metadata.name);
    expect(made[1]?.['spec']).toEqual({
      selector: { 'openfunction.io/managed': 'true', 'openfunction.io/serving': 'serving-a' },
      ports: [{ port: 80, targetPort: 9898, protocol: 'TCP' }],
    });
    expect(made[2]?.['spec']).toEqual({
      hosts: ['fn.ns.svc.cluster.local'],
      scaleTargetRef: { name: deployment, kind: 'Deployment', apiVersion: 'apps/v1', service, port: 80 },
      replicas: { min: 0, max: 10 },
      targetPendingRequests: 100,
      scaledownPeriod: 300,
    });
    expect(engineOf(serving).refer(makeInput(serving))).toEqual({
      resourceRef: { 'http.keda.sh/deployment': deployment, 'http.keda.sh/httpscaledobject': scaler },
      service,
    });
  });

  it('asks whether something listens on the port, unless the user says how to ask', () => {
    const probeOf = (spec: Partial<ServingSpec> = {}) =>
      the(make(kedaHttp(spec)), 'Deployment')['spec'].template.spec.containers.map(
        ({ readinessProbe }: { readinessProbe?: object }) => readinessProbe,
      );
    expect(probeOf()).toEqual([{ tcpSocket: { port: 9898 }, periodSeconds: 1 }]);
    const beside = { name: 'beside' };
    expect(probeOf({ template: { containers: [beside, { name: 'function' }] } })).toEqual([undefined, ...probeOf()]);
    const readinessProbe = { httpGet: { path: '/up', port: 9000 } };
    expect(probeOf({ template: { containers: [{ name: 'function', readinessProbe }] } })).toEqual([readinessProbe]);
  });

  it('names the target as versions of the add-on before 0.6 read it', () => {
    const { scaleTargetRef } = scaled(undefined, { scaleTargetByName: false });
    expect(Object.keys(scaleTargetRef)).toEqual(['deployment', 'service', 'port']);
  });

  it('leaves the number of replicas to the scaler, and decides it where there is none', () => {
    expect(the(make(kedaHttp(KEDA)), 'Deployment')['spec']).not.toHaveProperty('replicas');
    const fixed = make(kedaHttp({ scaleOptions: { minReplicas: 3 } }));
    expect(fixed.map(({ kind }) => kind)).toEqual(['Deployment', 'Service']);
    expect(the(fixed, 'Deployment')['spec'].replicas).toBe(3);
    expect(the(make(kedaHttp()), 'Deployment')['spec'].replicas).toBe(1);
  });

  it('needs the add-on only where something is to be scaled', () => {
    const needs = (serving = kedaHttp()) =>
      engineOf(serving)
        .needs(serving)
        .map(({ kind }) => kind);
    expect(needs()).toEqual(['Deployment']);
    expect(needs(kedaHttp(KEDA))).toEqual(['Deployment', 'HTTPScaledObject']);
  });

  it.each<[string, object | undefined, string[]]>([
    ['of the template', undefined, ['fn.ns.ofn.io', 'fn.ns.svc.my.cluster']],
    [
      'of the route',
      { hostnames: ['a.example.com', 'b.example.com'] },
      ['a.example.com', 'b.example.com', 'fn.ns.svc.my.cluster'],
    ],
  ])('is reached by every host %s, and from inside (Q28)', (_which, route, hosts) => {
    expect(scaled(route, { gateway: GATEWAY }).hosts).toEqual(hosts);
  });

  it('is reached by its own hosts without a Gateway, too', () => {
    expect(scaled({ hostnames: ['a.example.com', 'fn.ns.svc.cluster.local'] }).hosts).toEqual([
      'a.example.com',
      'fn.ns.svc.cluster.local',
    ]);
  });

  it('is reached by the host that a rule sets', () => {
    const filter = (name: string, value: string) => ({
      type: 'RequestHeaderModifier',
      requestHeaderModifier: { set: [{ name, value }] },
    });
    const rules = [
      { filters: [filter('host', 'inner.example'), filter('X-Team', 'a')] },
      { filters: [filter('Host', 'inner.example')] },
    ];
    const { hosts } = scaled({ hostnames: ['a.example.com'], rules }, { gateway: GATEWAY });
    expect(hosts).toEqual(['a.example.com', 'fn.ns.svc.my.cluster', 'inner.example']);
  });

  it('answers for no host of the Function while another version does', () => {
    const serving = kedaHttp(KEDA, { hostnames: ['a.example.com'] });
    serving.metadata.annotations = { 'openfunction.io/hosts': 'withheld' };
    expect(the(make(serving, { gateway: GATEWAY }), 'HTTPScaledObject')['spec'].hosts).toEqual([
      'serving-a.ns.svc.my.cluster',
    ]);
  });

  it.each<[string, object[] | undefined, string[] | undefined]>([
    ['all paths without rules', undefined, undefined],
    ['all paths where a rule has no matches', [{}], ['/']],
    [
      'every path of every rule, once',
      [{ matches: [{ path: { value: '/a' } }, { path: { value: '' } }] }, { matches: [{ path: { value: '/a' } }] }],
      ['/a', '/'],
    ],
    [
      'all paths where one is a pattern',
      [{ matches: [{ path: { type: 'RegularExpression', value: '/v[0-9]' } }] }],
      ['/'],
    ],
    [
      'whatever an extension of the gateway makes of the path, too',
      [{ matches: [{ path: { value: '/a' } }], filters: [{ type: 'ExtensionRef' }] }],
      ['/a', '/'],
    ],
  ])('lets through %s', (_which, rules, prefixes) => {
    expect(scaled({ rules }).pathPrefixes).toEqual(prefixes);
  });

  it('reads the version without dots where it is a label, and selects by reserved labels alone (Q26)', () => {
    const deployment = the(make(kedaHttp({ labels: { 'openfunction.io/serving': 'other', team: 'a' } })), 'Deployment');
    const reserved = { 'openfunction.io/managed': 'true', 'openfunction.io/serving': 'serving-a' };
    expect(deployment['spec'].selector.matchLabels).toEqual(reserved);
    const labels = { 'app.kubernetes.io/version': 'v100', team: 'a', ...reserved };
    expect(deployment['spec'].template.metadata.labels).toEqual(labels);
    expect(deployment.metadata.labels).toEqual(labels);
  });

  it('goes on with what the Go operator made: names, selector and pods', () => {
    const first = make(kedaHttp(KEDA));
    const rename = (kind: string, name: string) =>
      asStored(the(first, kind), (copy) => {
        copy.metadata.name = name;
      });
    const selector = { 'app.kubernetes.io/version': 'v100', 'openfunction.io/serving': 'serving-a', team: 'a' };
    const left = rename('Deployment', 'serving-a-deployment-v100-qsrtc');
    left['spec'].selector.matchLabels = selector;
    left['spec'].template.metadata.labels = selector;
    left['spec'].template.spec.containers[0].env = [];
    left['spec'].template.metadata.annotations = { 'dapr.io/enabled': 'false' };
    const owned = [
      left,
      rename('Service', 'serving-a-service-v100-48z9t'),
      rename('HTTPScaledObject', 'serving-a-scaler-x7k2p'),
    ];
    const made = make(kedaHttp(KEDA), { owned });
    expect(made.map(({ metadata }) => metadata.name)).toEqual(owned.map(({ metadata }) => metadata.name));
    expect(made[0]?.['spec'].selector.matchLabels).toEqual(selector);
    expect(made[0]?.['spec'].template.spec).toEqual(left['spec'].template.spec);
    expect(made[0]?.['spec'].template.metadata).toEqual(left['spec'].template.metadata);
    const noted = make(kedaHttp({ ...KEDA, annotations: { note: 'x' } }), { owned })[0];
    expect(noted?.['spec'].template.metadata.annotations).toEqual({ 'dapr.io/enabled': 'false', note: 'x' });
    expect(made[2]?.['spec'].scaleTargetRef).toMatchObject({
      name: left.metadata.name,
      service: 'serving-a-service-v100-48z9t',
    });
  });
});
