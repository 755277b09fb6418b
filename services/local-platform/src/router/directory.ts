import type { Store } from '@openfunction/kube';
import type { Addressing } from '../knative/urls.ts';
import { GATEWAY_CONTROLLER } from '../names.ts';
import type {
  BackendRef,
  GatewayClass,
  HttpRoute,
  KnativeService,
  KubeGateway,
  Revision,
  RouteFilter,
} from '../objects.ts';
import { keyOf } from '../objects.ts';
import { type Attachment, attachmentsOf } from './attachment.ts';
import { type RequestFacts, RouteTable } from './route-table.ts';

export interface DirectoryOptions {
  routes: Store;
  gateways: Store;
  classes: Store;
  services: Store;
  revisions: Store;
  addressing: () => Addressing;
}

/** Where a request goes. */
export interface Target {
  /** `namespace/name`; undefined when the rule has no backend, as a redirect. */
  revision: string | undefined;
  filters: readonly RouteFilter[];
  prefix: string;
}

/** Why a request goes nowhere: the answer to give. `mayChange`: a route is about to follow a change of its backend. */
export interface NoTarget {
  status: 404 | 503;
  message: string;
  mayChange: boolean;
}

const SHOWN_HOSTS = 5;

/** Knows for each request which revision answers it, by the HTTPRoutes and by the names of Knative Services and revisions. */
export class Directory {
  readonly #options: DirectoryOptions;
  #table: RouteTable | undefined;
  #routed: Set<string> | undefined;

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** A route, gateway or class has changed: the table is made anew when it is needed. */
  invalidate(): void {
    this.#table = undefined;
    this.#routed = undefined;
  }

  /** Our gateways, by `namespace/name`. */
  gateways(): Map<string, KubeGateway> {
    const classes = new Set(this.classes().map(({ metadata }) => metadata.name));
    const ours = (this.#options.gateways.list() as KubeGateway[]).filter(({ spec }) =>
      classes.has(spec.gatewayClassName),
    );
    return new Map(ours.map((gateway) => [keyOf(gateway), gateway]));
  }

  /** The classes that name our controller. */
  classes(): GatewayClass[] {
    return (this.#options.classes.list() as GatewayClass[]).filter(
      ({ spec }) => spec.controllerName === GATEWAY_CONTROLLER,
    );
  }

  attachments(route: HttpRoute): Attachment[] {
    return attachmentsOf(route, this.gateways());
  }

  /** Whether a route points to this revision. */
  isRouted(revision: string): boolean {
    this.#routed ??= new Set(
      (this.#options.routes.list() as HttpRoute[]).flatMap((route) =>
        (route.spec.rules ?? []).flatMap(({ backendRefs = [] }) =>
          backendRefs.map(({ name, namespace = route.metadata.namespace }) => `${namespace}/${name}`),
        ),
      ),
    );
    return this.#routed.has(revision);
  }

  /** The backends of a route that do not exist, as a sentence. */
  backendTrouble(route: HttpRoute): string | undefined {
    const backends = (route.spec.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs);
    return backends
      .map((ref) => this.#troubleOf(ref, route.metadata.namespace ?? ''))
      .find((found) => found !== undefined);
  }

  /** Where this request goes now. */
  find(request: RequestFacts): Target | NoTarget {
    const table = this.#routes();
    const hit = table.match(request);
    if (hit === undefined) return table.knows(request.host) ? this.#noPath(request) : this.#byName(request.host);
    const backend = pick(hit.backends);
    if (backend === undefined) return { revision: undefined, filters: hit.filters, prefix: hit.prefix };
    const message = this.#troubleOf(backend, hit.namespace);
    if (message !== undefined) return { status: 503, message, mayChange: true };
    return { revision: `${hit.namespace}/${backend.name}`, filters: hit.filters, prefix: hit.prefix };
  }

  #routes(): RouteTable {
    if (this.#table !== undefined) return this.#table;
    const attached = (this.#options.routes.list() as HttpRoute[]).map((route) => ({
      route,
      hostnames: [...new Set(this.attachments(route).flatMap(({ hostnames }) => hostnames))],
    }));
    this.#table = new RouteTable(attached);
    return this.#table;
  }

  #troubleOf(ref: BackendRef, namespace: string): string | undefined {
    const { group = '', kind = 'Service', name } = ref;
    if (group !== '' || kind !== 'Service')
      return `Backend ${kind} ${JSON.stringify(name)} is not offered by the local gateway.`;
    if ((ref.namespace ?? namespace) !== namespace) return `Service ${ref.namespace}/${name} is in another namespace.`;
    if (this.#options.revisions.get(`${namespace}/${name}`) !== undefined) return undefined;
    return `No Knative revision is named ${namespace}/${name}; to route to any other Service (as engine keda does) needs a cluster with a gateway.`;
  }

  /** A Knative Service or revision by its own host: `<name>.<namespace>.svc.<cluster domain>`, or `.<domain>` for a Service. */
  #byName(host: string): Target | NoTarget {
    const { domain, clusterDomain } = this.#options.addressing();
    const { services, revisions } = this.#options;
    for (const suffix of [`.svc.${clusterDomain}`, '.svc', `.${domain}`]) {
      const [name = '', namespace, more] = host.endsWith(suffix) ? host.slice(0, -suffix.length).split('.') : [];
      if (namespace === undefined || more !== undefined) continue;
      const key = `${namespace}/${name}`;
      const service = services.get(key) as KnativeService | undefined;
      if (service !== undefined) return this.#latest(service);
      const revision = revisions.get(key) as Revision | undefined;
      if (revision !== undefined) return { revision: key, filters: [], prefix: '/' };
    }
    return { status: 404, message: this.#noHost(host), mayChange: false };
  }

  #latest(service: KnativeService): Target | NoTarget {
    const ready = service.status?.latestReadyRevisionName;
    if (ready !== undefined) return { revision: `${service.metadata.namespace}/${ready}`, filters: [], prefix: '/' };
    return { status: 503, message: `Knative Service ${keyOf(service)} has no ready revision yet.`, mayChange: true };
  }

  #noHost(host: string): string {
    const { domain, port } = this.#options.addressing();
    const open = this.#routes().hosts.filter((known) => known.endsWith(`.${domain}`));
    const shown = open.slice(0, SHOWN_HOSTS).map((known) => `http://${known}${port === 80 ? '' : `:${port}`}/`);
    const more = open.length > SHOWN_HOSTS ? ` and ${open.length - SHOWN_HOSTS} more (kubectl get fn -A)` : '';
    const hint = shown.length > 0 ? `try ${shown.join(', ')}${more}` : 'no function is routed yet (kubectl get fn -A)';
    return `No function answers at ${JSON.stringify(host)}: ${hint}.`;
  }

  #noPath({ host, path }: RequestFacts): NoTarget {
    const paths = this.#routes().pathsOf(host).join(', ');
    return {
      status: 404,
      message: `${host} has no route for ${JSON.stringify(path)}: try ${paths}.`,
      mayChange: false,
    };
  }
}

/** One of the backends, by weight. */
function pick(backends: readonly BackendRef[]): BackendRef | undefined {
  const total = backends.reduce((sum, { weight = 1 }) => sum + weight, 0);
  let at = Math.random() * total;
  return backends.find(({ weight = 1 }) => {
    at -= weight;
    return at < 0;
  });
}
