import type { HeaderModifier, PathModifier, RouteFilter } from '../objects.ts';

/** What is sent on: filters change it. Header names keep the case in which they came. */
export interface Outgoing {
  host: string;
  /** Path with query. */
  target: string;
  headers: [name: string, value: string][];
}

/** Filters that this router understands. */
export const FILTERS = ['RequestHeaderModifier', 'ResponseHeaderModifier', 'URLRewrite', 'RequestRedirect'];

/** Applies the filters of a rule that concern the request. `prefix` is the path prefix that the rule matched. */
export function filterRequest(request: Outgoing, filters: readonly RouteFilter[], prefix: string): Outgoing {
  return filters.reduce((outgoing, { requestHeaderModifier: headers, urlRewrite: rewrite }) => {
    const modified = headers === undefined ? outgoing : modifyRequest(outgoing, headers);
    if (rewrite === undefined) return modified;
    return {
      ...modified,
      host: rewrite.hostname ?? modified.host,
      target: rewritePath(modified.target, rewrite.path, prefix),
    };
  }, request);
}

/** The headers of an answer after the filters of the rule. */
export function filterResponse(headers: Outgoing['headers'], filters: readonly RouteFilter[]): Outgoing['headers'] {
  return filters.reduce(
    (result, { responseHeaderModifier }) =>
      responseHeaderModifier === undefined ? result : modify(result, responseHeaderModifier),
    headers,
  );
}

/** Where a rule redirects to, if it does. */
export function redirectOf(
  request: { host: string; target: string },
  filters: readonly RouteFilter[],
  prefix: string,
): { status: number; location: string } | undefined {
  const redirect = filters.find(({ type }) => type === 'RequestRedirect')?.requestRedirect;
  if (redirect === undefined) return undefined;
  const [name = '', port] = request.host.split(':');
  const host = redirect.hostname ?? name;
  const shownPort = redirect.port ?? (redirect.scheme === undefined ? port : undefined);
  const authority = shownPort === undefined ? host : `${host}:${shownPort}`;
  const target = rewritePath(request.target, redirect.path, prefix);
  return { status: redirect.statusCode ?? 302, location: `${redirect.scheme ?? 'http'}://${authority}${target}` };
}

/** Host is a header to the API, but not among the others here. The old form adds it, which can only mean to set it. */
function modifyRequest(outgoing: Outgoing, modifier: HeaderModifier): Outgoing {
  const isHost = ({ name }: { name: string }) => name.toLowerCase() === 'host';
  const host = [...(modifier.set ?? []), ...(modifier.add ?? [])].find(isHost)?.value ?? outgoing.host;
  const others = {
    ...modifier,
    set: modifier.set?.filter((entry) => !isHost(entry)) ?? [],
    add: modifier.add?.filter((entry) => !isHost(entry)) ?? [],
  };
  return { ...outgoing, host, headers: modify(outgoing.headers, others) };
}

function modify(
  headers: Outgoing['headers'],
  { set = [], add = [], remove = [] }: HeaderModifier,
): Outgoing['headers'] {
  const gone = new Set([...set.map(({ name }) => name), ...remove].map((name) => name.toLowerCase()));
  const kept = headers.filter(([name]) => !gone.has(name.toLowerCase()));
  return [...kept, ...[...set, ...add].map(({ name, value }): [string, string] => [name, value])];
}

function rewritePath(target: string, modifier: PathModifier | undefined, prefix: string): string {
  if (modifier === undefined) return target;
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? '' : target.slice(mark);
  if (modifier.type === 'ReplaceFullPath') return (modifier.replaceFullPath || '/') + query;
  const bare = prefix.endsWith('/') ? prefix.slice(0, -1) : prefix;
  const rest = path.slice(bare.length);
  const replaced = (modifier.replacePrefixMatch ?? '/').replace(/\/$/, '') + rest;
  return (replaced.startsWith('/') ? replaced : `/${replaced}`) + query;
}
