import {
  type Condition,
  clusterDomain,
  type FunctionAddress,
  type FunctionStatus,
  type Gateway,
  type KubeObject,
  MAX_MESSAGE,
} from '@openfunction/api';
import { isInternal } from './entry-service.ts';
import { covers } from './http-route.ts';
import { parentsOf } from './route-parents.ts';
import type { Reach } from './route-reach.ts';

/** Limits of the status schema: a route may say more than fits there. */
const LONGEST_ADDRESS = 253;
const MOST_PATHS = 16;
const MOST_CONDITIONS = 8;

/** Hosts, paths and addresses that the route gives the Function. An address is one that is reached, as far as is known. */
export function exposure(
  gateway: Gateway,
  wanted: KubeObject,
  route: KubeObject | undefined,
  { open }: Reach,
): Partial<FunctionStatus> {
  const hosts = wanted['spec'].hostnames as string[];
  const paths = pathsOf(wanted);
  const addresses = addressesOf(open, paths, gateway);
  const conditions = mergedConditions(route);
  const single = addressesOf(open.filter(isSingle), paths.filter(isLiteral), gateway);
  const external = single.find(({ type }) => type === 'External') ?? single[0];
  return {
    route: { hosts, paths: paths.slice(0, MOST_PATHS), ...(conditions.length > 0 && { conditions }) },
    addresses,
    url: external?.value,
  };
}

/** Each once: several matches may share a path. */
function addressesOf(hosts: string[], paths: Path[], gateway: Gateway): FunctionAddress[] {
  const all = hosts.flatMap((host) => paths.map(({ value = '/' }) => addressOf(host, value, gateway)));
  const distinct = [...new Map(all.map((address) => [address.value, address])).values()];
  return distinct.filter(({ value }) => value.length <= LONGEST_ADDRESS);
}

/** A wildcard stands for many hosts, an expression for many paths: neither can be asked for. */
function isSingle(host: string): boolean {
  return !host.includes('*');
}

function isLiteral({ type }: Path): boolean {
  return type !== 'RegularExpression';
}

interface Path {
  type?: 'Exact' | 'PathPrefix' | 'RegularExpression';
  value?: string;
}

function pathsOf(route: KubeObject): Path[] {
  const rules = route['spec'].rules as { matches?: { path?: { type: 'Exact'; value: string } }[] }[];
  return rules.flatMap(({ matches = [] }) =>
    matches.map(({ path }) => path ?? { type: 'PathPrefix' as const, value: '/' }),
  );
}

/** Scheme and port come from the listener that serves the host (gateway.md GW-24). */
function addressOf(host: string, path: string, gateway: Gateway): FunctionAddress {
  const inside = host.endsWith(`.${clusterDomain(gateway)}`);
  const listeners = (gateway.spec.gatewaySpec?.listeners ?? []).filter(
    (one) => covers(one, host) && isInternal(one, gateway) === inside,
  );
  const listener = listeners.find(({ protocol }) => protocol === 'HTTP') ?? listeners[0];
  const scheme = listener?.protocol === 'HTTPS' ? 'https' : 'http';
  const usual = scheme === 'https' ? 443 : 80;
  const port = listener === undefined || listener.port === usual ? '' : `:${listener.port}`;
  return { type: inside ? 'Internal' : 'External', value: `${scheme}://${host}${port}${encodeURI(path)}` };
}

/** The conditions of all parents: of each type the one that lets a parent serve, with the reasons of those that do not (gateway.md §15.5). */
function mergedConditions(route: KubeObject | undefined): Condition[] {
  const merged = new Map<string, Condition>();
  for (const condition of parentsOf(route).flatMap(({ conditions = [] }) => conditions)) {
    if (merged.get(condition.type)?.status !== 'True') merged.set(condition.type, condition);
  }
  return [...merged.values()].slice(0, MOST_CONDITIONS).map((condition) => withOthers(condition, route));
}

function withOthers(condition: Condition, route: KubeObject | undefined): Condition {
  const others = parentsOf(route).flatMap(({ parentRef, conditions = [] }) =>
    conditions
      .filter(({ type, status }) => type === condition.type && condition.status === 'True' && status === 'False')
      .map(({ reason }) => `not at ${parentRef?.sectionName ?? parentRef?.name}: ${reason}`),
  );
  if (others.length === 0) return condition;
  const message = [condition.message, ...others].filter((part) => part !== '').join('; ');
  return { ...condition, message: message.slice(0, MAX_MESSAGE) };
}
