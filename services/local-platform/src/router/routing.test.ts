import type { Store } from '@openfunction/kube';
import { describe, expect, test } from 'vitest';
import { findCondition } from '../conditions.ts';
import type { HttpRoute, KubeGateway, RouteFilter, RouteRule } from '../objects.ts';
import { attachmentsOf, commonHosts, covers } from './attachment.ts';
import { Directory } from './directory.ts';
import { filterRequest, filterResponse, redirectOf } from './filters.ts';
import { gatewayStatus, routeParents } from './gateway-status.ts';
import { originForm } from './request-facts.ts';
import { RouteTable } from './route-table.ts';

const NOW = new Date('2030-01-01T00:00:00Z');

function route(
  name: string,
  rules: RouteRule[],
  change: Partial<HttpRoute['spec']> = {},
  created = '2030-01-01T00:00:00Z',
): HttpRoute {
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name, namespace: 'demo', generation: 2, creationTimestamp: created },
    spec: {
      hostnames: [`${name}.demo.localhost`],
      rules,
      parentRefs: [{ namespace: 'openfunction', name: 'local' }],
      ...change,
    },
  };
}

function prefixRule(value: string, backend: string): RouteRule {
  return { matches: [{ path: { type: 'PathPrefix', value } }], backendRefs: [{ name: backend }] };
}

function gateway(from: 'All' | 'Same' = 'All'): KubeGateway {
  const allowedRoutes = { namespaces: { from } };
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'local', namespace: 'openfunction', generation: 1 },
    spec: {
      gatewayClassName: 'openfunction-local',
      listeners: [
        { name: 'external', hostname: '*.localhost', port: 8080, protocol: 'HTTP', allowedRoutes },
        { name: 'internal', hostname: '*.cluster.local', port: 80, protocol: 'HTTP', allowedRoutes },
      ],
    },
  };
}

const gateways = (one = gateway()) => new Map([['openfunction/local', one]]);

function find(
  table: RouteTable,
  url: string,
  method = 'GET',
  headers: Record<string, string> = {},
): string | undefined {
  const { hostname: host, pathname: path, searchParams: query } = new URL(url);
  return table.match({ host, path, query, method, headers })?.backends[0]?.name;
}

describe('which rule takes a request', () => {
  const rules: RouteRule[] = [
    prefixRule('/', 'root'),
    prefixRule('/foo', 'foo'),
    { matches: [{ path: { type: 'Exact', value: '/foo/exact' } }], backendRefs: [{ name: 'exact' }] },
    { matches: [{ path: { type: 'RegularExpression', value: '/v[0-9]+' } }], backendRefs: [{ name: 'pattern' }] },
    { matches: [{ path: { value: '/foo' }, method: 'POST' }], backendRefs: [{ name: 'post' }] },
    {
      matches: [{ path: { value: '/foo' }, headers: [{ name: 'X-A', value: '1' }] }],
      backendRefs: [{ name: 'header' }],
    },
    {
      matches: [{ path: { value: '/foo' }, queryParams: [{ name: 'q', value: '1' }] }],
      backendRefs: [{ name: 'query' }],
    },
  ];
  const table = new RouteTable([{ route: route('fn', rules.slice(1)), hostnames: ['fn.demo.localhost'] }]);

  test.each([
    ['a prefix', '/foo', {}, 'foo'],
    ['a prefix with more', '/foo/bar', {}, 'foo'],
    ['a prefix in the middle of a word', '/foobar', {}, undefined],
    ['an exact path before a prefix', '/foo/exact', {}, 'exact'],
    ['a pattern for the whole path', '/v12', {}, 'pattern'],
    ['a pattern for a part of the path', '/v12/x', {}, undefined],
    ['a method', '/foo', { method: 'POST' }, 'post'],
    ['a header', '/foo', { headers: { 'x-a': '1' } }, 'header'],
    ['a query parameter', '/foo?q=1', {}, 'query'],
  ] as const)(
    '%s: %s',
    (_what, path, { method, headers }: { method?: string; headers?: Record<string, string> }, backend) => {
      expect(find(table, `http://fn.demo.localhost${path}`, method, headers)).toBe(backend);
    },
  );

  test('a host that is written out goes before a wildcard, a longer wildcard before a shorter', () => {
    const mixed = new RouteTable([
      { route: route('any', [prefixRule('/', 'any')]), hostnames: ['*.localhost'] },
      { route: route('some', [prefixRule('/', 'some')]), hostnames: ['*.demo.localhost'] },
      { route: route('one', [prefixRule('/', 'one')]), hostnames: ['fn.demo.localhost'] },
    ]);
    expect(find(mixed, 'http://fn.demo.localhost/')).toBe('one');
    expect(find(mixed, 'http://other.demo.localhost/')).toBe('some');
    expect(find(mixed, 'http://a.b.localhost/')).toBe('any');
    expect(find(mixed, 'http://example.org/')).toBeUndefined();
    expect(mixed.knows('example.org')).toBe(false);
  });

  test('of equal rules the older route wins, then the first by name', () => {
    const [old, young] = ['2029-01-01T00:00:00Z', '2030-01-01T00:00:00Z'];
    const hostnames = ['h.localhost'];
    const table = new RouteTable([
      { route: route('a', [prefixRule('/', 'young')], {}, young), hostnames },
      { route: route('c', [prefixRule('/', 'c')], {}, old), hostnames },
      { route: route('b', [prefixRule('/', 'b')], {}, old), hostnames },
    ]);
    expect(find(table, 'http://h.localhost/')).toBe('b');
  });

  test('a rule without matches takes everything, and a pattern that cannot be read nothing', () => {
    const broken = {
      matches: [{ path: { type: 'RegularExpression' as const, value: '(' } }],
      backendRefs: [{ name: 'x' }],
    };
    const table = new RouteTable([
      { route: route('fn', [{ backendRefs: [{ name: 'all' }] }, broken]), hostnames: ['h.localhost'] },
    ]);
    expect(find(table, 'http://h.localhost/whatever')).toBe('all');
  });
});

describe('hosts', () => {
  test.each([
    ['*.localhost', 'a.b.localhost', true],
    ['*.localhost', 'localhost', false],
    ['*.localhost', 'xlocalhost', false],
    ['a.localhost', 'a.localhost', true],
    ['*', 'anything', true],
  ])('%s covers %s: %s', (pattern, host, result) => expect(covers(pattern, host)).toBe(result));

  test('what a listener and a route have in common is the narrower', () => {
    expect(commonHosts('*.localhost', ['a.localhost', 'b.example.org'])).toEqual(['a.localhost']);
    expect(commonHosts('a.localhost', ['*.localhost'])).toEqual(['a.localhost']);
    expect(commonHosts('*.localhost', undefined)).toEqual(['*.localhost']);
    expect(commonHosts(undefined, ['a.localhost'])).toEqual(['a.localhost']);
  });

  test('the absolute form of a target is cut down', () => {
    expect(originForm('http://a.localhost/x?y=1')).toBe('/x?y=1');
    expect(originForm('http://a.localhost')).toBe('/');
    expect(originForm('/x')).toBe('/x');
  });
});

describe('how a gateway takes a route', () => {
  test('by the listener that a parent names', () => {
    const parentRefs = [
      { namespace: 'openfunction', name: 'local', sectionName: 'external' },
      { namespace: 'openfunction', name: 'local', sectionName: 'internal' },
      { name: 'stranger' },
    ];
    const hostnames = ['fn.demo.localhost', 'fn.demo.svc.cluster.local'];
    const taken = attachmentsOf(route('fn', [], { parentRefs, hostnames }), gateways());
    expect(taken.map((attachment) => attachment.hostnames)).toEqual([
      ['fn.demo.localhost'],
      ['fn.demo.svc.cluster.local'],
    ]);
  });

  test.each([
    ['NoMatchingParent', { parentRefs: [{ namespace: 'openfunction', name: 'local', sectionName: 'none' }] }, 'All'],
    ['NoMatchingListenerHostname', { hostnames: ['example.org'] }, 'All'],
    ['NotAllowedByListeners', {}, 'Same'],
  ] as const)('or why not: %s', (reason, change, from) => {
    const object = route('fn', [], { ...change } as Partial<HttpRoute['spec']>);
    const [attachment] = attachmentsOf(object, gateways(gateway(from)));
    expect(attachment?.refusal?.reason).toBe(reason);
    const [parent] = routeParents(object, attachmentsOf(object, gateways(gateway(from))), undefined, NOW);
    expect(findCondition(parent?.conditions, 'Accepted')).toMatchObject({
      status: 'False',
      reason,
      observedGeneration: 2,
    });
  });

  test('says what it cannot do, and which backend is missing', () => {
    const object = route('fn', [{ filters: [{ type: 'RequestMirror' }] }]);
    const [parent] = routeParents(object, attachmentsOf(object, gateways()), 'no such revision', NOW);
    expect(findCondition(parent?.conditions, 'Accepted')?.message).toContain('RequestMirror');
    expect(findCondition(parent?.conditions, 'ResolvedRefs')).toMatchObject({
      status: 'False',
      reason: 'BackendNotFound',
    });
  });

  test('leaves the parents of other controllers alone', () => {
    const other = { parentRef: { name: 'x' }, controllerName: 'example.org/other', conditions: [] };
    const object = { ...route('fn', []), status: { parents: [other] } };
    expect(routeParents(object, attachmentsOf(object, gateways()), undefined, NOW)).toHaveLength(2);
    expect(routeParents(object, [], undefined, NOW)).toEqual([other]);
  });

  test('counts the routes at each listener', () => {
    const { listeners } = gatewayStatus(gateway(), new Map([['external', 2]]), NOW);
    expect(listeners?.map(({ name, attachedRoutes }) => [name, attachedRoutes])).toEqual([
      ['external', 2],
      ['internal', 0],
    ]);
  });
});

test('a Service that is no Knative revision is said to need a cluster, in the status of its route', () => {
  const none = { list: () => [], get: () => undefined } as unknown as Store;
  const addressing = () => ({ domain: 'localhost', clusterDomain: 'cluster.local', port: 80 });
  const stores = { routes: none, gateways: none, classes: none, services: none, revisions: none };
  const trouble = new Directory({ ...stores, addressing }).backendTrouble(route('a', [prefixRule('/', 'b')]));
  expect(trouble).toBe(
    'No Knative revision is named demo/b; to route to any other Service (as engine keda does) needs a cluster with a gateway.',
  );
});

describe('filters', () => {
  const request = {
    host: 'fn.localhost',
    target: '/api/v1/x?y=1',
    headers: [
      ['X-Old', '1'],
      ['X-Keep', '2'],
    ] as [string, string][],
  };
  const rewrite = (urlRewrite: RouteFilter['urlRewrite']) =>
    filterRequest(request, [{ type: 'URLRewrite', ...(urlRewrite && { urlRewrite }) }], '/api');

  test('rewrite host and path', () => {
    expect(rewrite({ hostname: 'rev.local' })).toMatchObject({ host: 'rev.local', target: '/api/v1/x?y=1' });
    expect(rewrite({ path: { type: 'ReplaceFullPath', replaceFullPath: '/z' } }).target).toBe('/z?y=1');
    expect(rewrite({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } }).target).toBe('/v1/x?y=1');
    expect(rewrite({ path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/new/' } }).target).toBe('/new/v1/x?y=1');
  });

  test('set, add and remove headers; Host, in either old form, is the host', () => {
    const modifier = {
      set: [{ name: 'x-old', value: 'n' }],
      add: [
        { name: 'Host', value: 'h' },
        { name: 'X-New', value: '3' },
      ],
      remove: ['X-KEEP'],
    };
    const result = filterRequest(request, [{ type: 'RequestHeaderModifier', requestHeaderModifier: modifier }], '/');
    expect(result).toMatchObject({
      host: 'h',
      headers: [
        ['x-old', 'n'],
        ['X-New', '3'],
      ],
    });
    const answered = filterResponse(
      [['Server', 'x']],
      [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['server'] } }],
    );
    expect(answered).toEqual([]);
  });

  test('redirect, with the port of the request unless the scheme changes', () => {
    const here = { host: 'fn.localhost:8080', target: '/a' };
    const to = (requestRedirect: RouteFilter['requestRedirect']) =>
      redirectOf(here, [{ type: 'RequestRedirect', ...(requestRedirect && { requestRedirect }) }], '/')?.location;
    expect(to({ hostname: 'other.localhost' })).toBe('http://other.localhost:8080/a');
    expect(to({ scheme: 'https' })).toBe('https://fn.localhost/a');
    expect(redirectOf(here, [], '/')).toBeUndefined();
  });
});
