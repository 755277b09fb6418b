import type { IncomingMessage } from 'node:http';
import type { RequestFacts } from './route-table.ts';

/** The target of a request in origin form; a proxy's absolute form is cut down to it. */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const after = /^[a-z]+:\/\/[^/?#]*(.*)$/i.exec(target)?.[1] ?? '';
  return after.startsWith('/') ? after : `/${after}`;
}

/** What of a request decides where it goes. */
export function factsOf(request: IncomingMessage): RequestFacts {
  const target = originForm(request.url ?? '/');
  const [path = '/', query = ''] = target.split('?', 2);
  return {
    host: hostOf(request.headers.host ?? ''),
    path,
    query: new URLSearchParams(query),
    method: request.method ?? 'GET',
    headers: request.headers,
  };
}

function hostOf(header: string): string {
  const host = header.toLowerCase().replace(/:\d+$/, '');
  return host.endsWith('.') ? host.slice(0, -1) : host;
}
