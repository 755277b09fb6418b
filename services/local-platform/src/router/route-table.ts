import type { BackendRef, HttpRoute, RouteFilter, RouteMatch, ValueMatch } from '../objects.ts';
import { covers } from './attachment.ts';

/** What of a request decides where it goes. */
export interface RequestFacts {
  /** Lower case, without port. */
  host: string;
  /** Without query, as sent. */
  path: string;
  query: URLSearchParams;
  method: string;
  headers: Record<string, string | string[] | undefined>;
}

/** The rule that takes a request. */
export interface RouteHit {
  /** `namespace/name` of the HTTPRoute. */
  route: string;
  namespace: string;
  filters: readonly RouteFilter[];
  backends: readonly BackendRef[];
  /** The path prefix that matched, for rewriting it. */
  prefix: string;
}

/** A route with the hosts under which its gateways take it. */
export interface AttachedRoute {
  route: HttpRoute;
  hostnames: readonly string[];
}

interface Entry extends RouteHit {
  match: RouteMatch;
  pattern: RegExp | undefined;
  created: string;
  rule: number;
}

const ANYTHING: RouteMatch = { path: { type: 'PathPrefix', value: '/' } };
const PATH_RANK = { Exact: 0, PathPrefix: 1, RegularExpression: 2 } as const;

/** All routes, in the order of precedence of the Gateway API: host, then path, method, headers, query, age, name. */
export class RouteTable {
  readonly #byHost = new Map<string, Entry[]>();
  readonly #wildcards: string[];

  constructor(routes: readonly AttachedRoute[]) {
    for (const { route, hostnames } of routes) {
      const entries = entriesOf(route);
      for (const host of hostnames) this.#byHost.set(host, [...(this.#byHost.get(host) ?? []), ...entries]);
    }
    for (const entries of this.#byHost.values()) entries.sort(byPrecedence);
    this.#wildcards = [...this.#byHost.keys()]
      .filter((host) => host.startsWith('*'))
      .sort((a, b) => b.length - a.length);
  }

  /** Hosts that are written out, in order. */
  get hosts(): string[] {
    return [...this.#byHost.keys()].filter((host) => !host.startsWith('*')).sort();
  }

  /** Whether any route is for this host. */
  knows(host: string): boolean {
    return this.#pattern(host) !== undefined;
  }

  /** Path of each rule for a host, e.g. `/v2*`, for people. */
  pathsOf(host: string): string[] {
    const entries = this.#byHost.get(this.#pattern(host) ?? '') ?? [];
    const shown = entries.map(({ match: { path } }) => `${path?.value ?? '/'}${path?.type === 'Exact' ? '' : '*'}`);
    return [...new Set(shown)];
  }

  match(request: RequestFacts): RouteHit | undefined {
    const entries = this.#byHost.get(this.#pattern(request.host) ?? '') ?? [];
    return entries.find((entry) => fits(entry, request));
  }

  #pattern(host: string): string | undefined {
    if (this.#byHost.has(host)) return host;
    return this.#wildcards.find((pattern) => covers(pattern, host));
  }
}

function entriesOf(route: HttpRoute): Entry[] {
  const { namespace = '', name, creationTimestamp: created = '' } = route.metadata;
  return (route.spec.rules ?? []).flatMap(({ matches, filters = [], backendRefs = [] }, rule) =>
    (matches && matches.length > 0 ? matches : [ANYTHING]).map((match) => ({
      route: `${namespace}/${name}`,
      namespace,
      filters,
      backends: backendRefs,
      prefix: match.path?.type === 'PathPrefix' || match.path?.type === undefined ? (match.path?.value ?? '/') : '',
      match,
      pattern: match.path?.type === 'RegularExpression' ? compile(match.path.value ?? '') : undefined,
      created,
      rule,
    })),
  );
}

/** A pattern for a whole path; one that cannot be read matches nothing (and its route's status says so). */
export function compile(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`);
  } catch {
    return undefined;
  }
}

function fits(entry: Entry, request: RequestFacts): boolean {
  const { method, headers = [], queryParams = [] } = entry.match;
  return (
    pathFits(entry, request.path) &&
    (method === undefined || method === request.method) &&
    headers.every((wanted) => valueFits(wanted, request.headers[wanted.name.toLowerCase()]?.toString())) &&
    queryParams.every((wanted) => valueFits(wanted, request.query.get(wanted.name) ?? undefined))
  );
}

function pathFits({ match: { path }, pattern, prefix }: Entry, actual: string): boolean {
  if (path?.type === 'Exact') return actual === (path.value ?? '/');
  if (path?.type === 'RegularExpression') return pattern?.test(actual) ?? false;
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  return actual === bare || actual.startsWith(`${bare}/`);
}

function valueFits(wanted: ValueMatch, actual: string | undefined): boolean {
  if (actual === undefined) return false;
  return wanted.type === 'RegularExpression' ? (compile(wanted.value)?.test(actual) ?? false) : actual === wanted.value;
}

function byPrecedence(a: Entry, b: Entry): number {
  return (
    PATH_RANK[a.match.path?.type ?? 'PathPrefix'] - PATH_RANK[b.match.path?.type ?? 'PathPrefix'] ||
    (b.match.path?.value ?? '/').length - (a.match.path?.value ?? '/').length ||
    Number(b.match.method !== undefined) - Number(a.match.method !== undefined) ||
    (b.match.headers?.length ?? 0) - (a.match.headers?.length ?? 0) ||
    (b.match.queryParams?.length ?? 0) - (a.match.queryParams?.length ?? 0) ||
    a.created.localeCompare(b.created) ||
    a.route.localeCompare(b.route) ||
    a.rule - b.rule
  );
}
