/** How functions are addressed on this machine. */
export interface Addressing {
  /** Domain of addresses to open from outside, e.g. `localhost`. */
  domain: string;
  clusterDomain: string;
  /** The port of the router. */
  port: number;
}

/** The addresses of a Knative Service, for a caller on this machine and (by name only) for one inside the cluster. */
export function serviceUrls(addressing: Addressing, namespace: string, name: string) {
  const port = addressing.port === 80 ? '' : `:${addressing.port}`;
  return {
    external: `http://${name}.${namespace}.${addressing.domain}${port}`,
    internal: `http://${name}.${namespace}.svc.${addressing.clusterDomain}`,
  };
}
