import { INTERNAL_LISTENER } from '../names.ts';

/** The base of the rows' examples: a Gateway that every rule accepts, with all its defaults. */

const ALL = { namespaces: { from: 'All' } };

/** A listener for requests from outside, with these fields besides. */
export function external(fields: object = {}): object {
  return written({
    name: 'ofn-http-external',
    hostname: '*.ofn.io',
    port: 80,
    protocol: 'HTTP',
    allowedRoutes: ALL,
    ...fields,
  });
}

/** The listener for requests from inside the cluster, with these fields besides. */
export function internal(fields: object = {}): object {
  return written({ ...INTERNAL_LISTENER, hostname: '*.cluster.local', allowedRoutes: ALL, ...fields });
}

/** A Gateway with these listeners. */
export function listening(...listeners: unknown[]): { spec: object } {
  return gateway({ gatewaySpec: { listeners } });
}

/** A Gateway whose spec has these members besides. */
export function gateway(fields: object = {}): { spec: object } {
  const spec = {
    domain: 'ofn.io',
    clusterDomain: 'cluster.local',
    gatewayRef: { name: 'contour', namespace: 'projectcontour' },
    gatewaySpec: { listeners: [external(), internal()] },
    ...fields,
  };
  return { spec: written(spec) };
}

/** The members that are written; one given as undefined is left out. */
function written(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
