import type { Function, Gateway, KubeObject } from '@openfunction/api';
import { describe, expect, it } from 'vitest';
import { HTTP, makeFunction, makeGateway } from '../testdata/world.ts';
import { makeEntryService } from './entry-service.ts';
import { makeHttpRoute, toRevision } from './http-route.ts';

const HOST = 'rev-1.ns.svc.cluster.local';

function withRoute(route: Record<string, unknown>): Function {
  return makeFunction({ serving: { triggers: { http: { ...HTTP.triggers.http, route } } } } as Function['spec']);
}

function route(fn: Function, options: { rewritesHosts?: boolean; gateway?: Gateway } = {}): KubeObject['spec'] {
  const { rewritesHosts = true, gateway = makeGateway() } = options;
  return makeHttpRoute({ fn, gateway, backend: toRevision('rev-1'), rewritesHosts })?.['spec'];
}

describe('the HTTPRoute of a Function', () => {
  it('without a route of its own has the template host, the cluster host, and every path (gateway.md §12.5)', () => {
    expect(route(makeFunction({ serving: HTTP }))).toEqual({
      parentRefs: ['ofn-http-internal', 'ofn-http-external'].map((sectionName) => ({
        group: 'gateway.networking.k8s.io',
        kind: 'Gateway',
        namespace: 'projectcontour',
        name: 'contour',
        sectionName,
      })),
      hostnames: ['fn.ns.ofn.io', 'fn.ns.svc.cluster.local'],
      rules: [
        {
          matches: [{ path: { type: 'PathPrefix', value: '/' } }],
          filters: [{ type: 'URLRewrite', urlRewrite: { hostname: HOST } }],
          backendRefs: [{ group: '', kind: 'Service', name: 'rev-1', port: 80, weight: 1 }],
        },
      ],
    });
  });

  it('is labelled with its Gateway and owned by the Function', () => {
    const object = makeHttpRoute({
      fn: makeFunction({ serving: HTTP }),
      gateway: makeGateway(),
      backend: toRevision('r'),
      rewritesHosts: true,
    });
    expect(object?.metadata.labels).toEqual({ 'app.kubernetes.io/managed-by': 'openfunction.openfunction' });
    expect(object?.metadata.ownerReferences).toMatchObject([{ kind: 'Function', name: 'fn', controller: true }]);
  });

  it.each([
    [
      'hostnames lead to the path of the template',
      { hostnames: ['a.ofn.io'] },
      ['a.ofn.io', 'fn.ns.svc.cluster.local'],
      '/ns/fn',
    ],
    ['an empty list of hostnames counts as given', { hostnames: [] }, ['fn.ns.svc.cluster.local'], '/ns/fn'],
    [
      'the cluster host is not doubled',
      { hostnames: ['fn.ns.svc.cluster.local'] },
      ['fn.ns.svc.cluster.local'],
      '/ns/fn',
    ],
  ])('%s', (_case, given, hostnames, path) => {
    const spec = route(withRoute(given));
    expect(spec.hostnames).toEqual(hostnames);
    expect(spec.rules[0].matches[0].path.value).toBe(path);
  });

  it('attaches only to listeners that serve one of its hosts', () => {
    const spec = route(withRoute({ hostnames: ['elsewhere.example.com'] }));
    expect(spec.parentRefs.map(({ sectionName }: { sectionName: string }) => sectionName)).toEqual([
      'ofn-http-internal',
    ]);
  });

  it('sets the Host header where the gateway cannot rewrite it', () => {
    const [rule] = route(makeFunction({ serving: HTTP }), { rewritesHosts: false }).rules;
    expect(rule.filters).toEqual([
      { type: 'RequestHeaderModifier', requestHeaderModifier: { set: [{ name: 'Host', value: HOST }] } },
    ]);
  });

  it("keeps the user's matches and filters, replaces the backends, and merges filters that may stand only once", () => {
    const rule = {
      matches: [{ path: { type: 'Exact', value: '/v2' } }],
      filters: [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplaceFullPath', replaceFullPath: '/' } } }],
      backendRefs: [{ name: 'other' }],
    };
    const [made] = route(withRoute({ rules: [rule] })).rules;
    expect(made.matches).toEqual(rule.matches);
    expect(made.filters).toEqual([
      { type: 'URLRewrite', urlRewrite: { hostname: HOST, path: rule.filters[0]?.urlRewrite.path } },
    ]);
    expect(made.backendRefs[0].name).toBe('rev-1');
  });

  it("merges the Host header into the user's header filter", () => {
    const set = [
      { name: 'X-Team', value: 'a' },
      { name: 'host', value: 'mine' },
    ];
    const rule = { filters: [{ type: 'RequestHeaderModifier', requestHeaderModifier: { set, remove: ['X-Old'] } }] };
    const [made] = route(withRoute({ rules: [rule] }), { rewritesHosts: false }).rules;
    expect(made.filters).toEqual([
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { set: [set[0], { name: 'Host', value: HOST }], remove: ['X-Old'] },
      },
    ]);
  });

  it('treats an empty list of rules as none: an HTTPRoute needs one', () => {
    expect(route(withRoute({ rules: [] }))).toEqual(route(withRoute({})));
    expect(route(withRoute({ hostnames: ['a.ofn.io'], rules: [] }))).toEqual(
      route(withRoute({ hostnames: ['a.ofn.io'] })),
    );
  });

  it('leaves a redirect alone: it needs no backend', () => {
    const rule = { filters: [{ type: 'RequestRedirect', requestRedirect: { scheme: 'https' } }] };
    expect(route(withRoute({ rules: [rule] })).rules).toEqual([rule]);
  });

  it('is not made from a template that uses more than the three variables', () => {
    const gateway = makeGateway();
    const spec = { ...gateway.spec, hostTemplate: '{{.Name | printf "%s-a"}}.{{.Domain}}' };
    expect(route(makeFunction({ serving: HTTP }), { gateway: { ...gateway, spec } })).toBeUndefined();
  });
});

describe('the entry Service', () => {
  it("leads to the Gateway's own, on the ports of the internal listeners", () => {
    expect(makeEntryService(makeFunction({ serving: HTTP }), makeGateway())['spec']).toEqual({
      type: 'ExternalName',
      externalName: 'gateway.openfunction.svc.cluster.local',
      ports: [{ name: 'ofn-http-internal', protocol: 'TCP', port: 80, targetPort: 80 }],
    });
  });

  it('names a port once, and by its number when the listener has a name that no port may have', () => {
    const gateway = makeGateway();
    const listeners = ['a.b', 'c'].map((name) => ({ name, hostname: '*.cluster.local', port: 80, protocol: 'HTTP' }));
    const made = makeEntryService(makeFunction({ serving: HTTP }), {
      ...gateway,
      spec: { ...gateway.spec, gatewaySpec: { listeners } },
    });
    expect(made['spec'].ports.map(({ name }: { name: string }) => name)).toEqual(['p80']);
  });
});
