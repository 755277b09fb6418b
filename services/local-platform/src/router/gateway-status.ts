import { stampConditions, type WantedCondition } from '../conditions.ts';
import { GATEWAY_CONTROLLER } from '../names.ts';
import type { ForeignCondition, GatewayStatus, HttpRoute, KubeGateway, RouteParentStatus } from '../objects.ts';
import type { Attachment } from './attachment.ts';
import { FILTERS } from './filters.ts';
import { compile } from './route-table.ts';

/** Features of the Gateway API that this router has, in alphabetical order as the API wants them. */
export const SUPPORTED_FEATURES = [
  'Gateway',
  'HTTPRoute',
  'HTTPRouteHostRewrite',
  'HTTPRouteMethodMatching',
  'HTTPRoutePathRedirect',
  'HTTPRoutePathRewrite',
  'HTTPRoutePortRedirect',
  'HTTPRouteQueryParamMatching',
  'HTTPRouteResponseHeaderModification',
  'HTTPRouteSchemeRedirect',
].map((name) => ({ name }));

/** The condition of a class that this router serves. */
export function classConditions(
  old: readonly ForeignCondition[] | undefined,
  generation: number,
  now: Date,
): ForeignCondition[] {
  const message = 'Served by the local platform, for development only.';
  return stampConditions(
    old,
    [{ type: 'Accepted', status: 'True', reason: 'Accepted', message, observedGeneration: generation }],
    now,
  );
}

/** The status of a Gateway: every listener is served on the router's one port, whatever its own. */
export function gatewayStatus(gateway: KubeGateway, attached: ReadonlyMap<string, number>, now: Date): GatewayStatus {
  const observedGeneration = gateway.metadata.generation ?? 1;
  const condition = (type: string, reason = type): WantedCondition => ({
    type,
    status: 'True',
    reason,
    message: '',
    observedGeneration,
  });
  return {
    addresses: [{ type: 'IPAddress', value: '127.0.0.1' }],
    conditions: stampConditions(gateway.status?.conditions, [condition('Accepted'), condition('Programmed')], now),
    listeners: gateway.spec.listeners.map(({ name }) => ({
      name,
      supportedKinds: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' }],
      attachedRoutes: attached.get(name) ?? 0,
      conditions: stampConditions(
        gateway.status?.listeners?.find((listener) => listener.name === name)?.conditions,
        [
          condition('Accepted'),
          { ...condition('Conflicted', 'NoConflicts'), status: 'False' },
          condition('Programmed'),
          condition('ResolvedRefs'),
        ],
        now,
      ),
    })),
  };
}

/** `status.parents` of a route: ours, after those of other controllers, which are left as they are. */
export function routeParents(
  route: HttpRoute,
  attachments: readonly Attachment[],
  backendTrouble: string | undefined,
  now: Date,
): RouteParentStatus[] {
  const before = route.status?.parents ?? [];
  const others = before.filter(({ controllerName }) => controllerName !== GATEWAY_CONTROLLER);
  const ours = attachments.map((attachment) => parentStatus(route, attachment, before, backendTrouble, now));
  return [...others, ...ours];
}

function parentStatus(
  route: HttpRoute,
  { parentRef, refusal }: Attachment,
  before: readonly RouteParentStatus[],
  backendTrouble: string | undefined,
  now: Date,
): RouteParentStatus {
  const old = before.find(
    (parent) => parent.controllerName === GATEWAY_CONTROLLER && isSameParent(parent.parentRef, parentRef),
  );
  const observedGeneration = route.metadata.generation ?? 1;
  const unsupported = unsupportedIn(route);
  const fault =
    refusal ?? (unsupported === undefined ? undefined : { reason: 'UnsupportedValue', message: unsupported });
  const accepted: WantedCondition = {
    type: 'Accepted',
    status: 'True',
    reason: 'Accepted',
    message: '',
    observedGeneration,
  };
  const resolved: WantedCondition = {
    type: 'ResolvedRefs',
    status: 'True',
    reason: 'ResolvedRefs',
    message: '',
    observedGeneration,
  };
  const conditions = [
    fault === undefined ? accepted : { ...accepted, status: 'False' as const, ...fault },
    backendTrouble === undefined
      ? resolved
      : { ...resolved, status: 'False' as const, reason: 'BackendNotFound', message: backendTrouble },
  ];
  return {
    parentRef,
    controllerName: GATEWAY_CONTROLLER,
    conditions: stampConditions(old?.conditions, conditions, now),
  };
}

/** What of a route this router cannot do. */
function unsupportedIn(route: HttpRoute): string | undefined {
  for (const { filters = [], matches = [] } of route.spec.rules ?? []) {
    const filter = filters.find(({ type }) => !FILTERS.includes(type));
    if (filter !== undefined) return `Filter ${filter.type} is not offered by the local gateway.`;
    const pattern = matches.find(
      ({ path }) => path?.type === 'RegularExpression' && compile(path.value ?? '') === undefined,
    );
    if (pattern !== undefined) return `Path ${JSON.stringify(pattern.path?.value)} is not a regular expression.`;
  }
  return undefined;
}

function isSameParent(a: RouteParentStatus['parentRef'], b: RouteParentStatus['parentRef']): boolean {
  return a.name === b.name && a.namespace === b.namespace && a.sectionName === b.sectionName && a.port === b.port;
}
