import { ANNOTATION, HOSTS_WITHHELD, hostnamesOf, type RouteRule, type Serving, withheldHost } from '@openfunction/api';
import { functionName } from '../../resources/children.ts';
import { domainOf } from '../../resources/env.ts';
import type { EngineInput } from '../engine.ts';

/** By what the add-on's interceptor knows a function: it sees requests as the route has left them. */

/** The user's rules of the route. */
export function rulesOf({ spec }: Serving): readonly RouteRule[] {
  return spec.triggers?.http?.route?.rules ?? [];
}

/**
 * Every host by which a request may come: the interceptor knows functions by nothing else (Q28). While another version gets the requests,
 * one that nobody is told of (docs/adr/0014).
 */
export function hostsOf(input: EngineInput): string[] {
  const { serving, gateway } = input;
  const isWithheld = serving.metadata.annotations?.[ANNOTATION.hosts] === HOSTS_WITHHELD;
  if (isWithheld) return [withheldHost(serving, domainOf(input))];
  const { namespace = '' } = serving.metadata;
  const name = functionName(serving);
  const route = serving.spec.triggers?.http?.route;
  const hosts = gateway === undefined ? undefined : hostnamesOf({ namespace, name, route }, gateway);
  const asked = hosts ?? [...(route?.hostnames ?? []), `${name}.${namespace}.svc.${domainOf(input)}`];
  return [...new Set([...asked, ...rulesOf(serving).flatMap(hostsSetBy)])];
}

/** Hosts that a rule puts in the place of the one that was asked for. */
function hostsSetBy({ filters }: RouteRule): string[] {
  const headers = (filters ?? []).flatMap(({ requestHeaderModifier }) => requestHeaderModifier?.set ?? []);
  return headers.filter(({ name }) => name.toLowerCase() === 'host').map(({ value }) => value);
}

/** Paths of all matches. A pattern is no prefix: then, as without any path, requests of every path are let through; the route decides. */
export function pathPrefixesOf(rules: readonly RouteRule[]): string[] {
  return [...new Set(rules.flatMap((rule) => [...pathsOf(rule), ...pathsChangedBy(rule)]))];
}

function pathsOf({ matches }: RouteRule): string[] {
  return (matches ?? [{}]).map(({ path }) => (path?.type === 'RegularExpression' ? '/' : path?.value || '/'));
}

/** An extension of the gateway may change the path into any other. */
function pathsChangedBy({ filters }: RouteRule): string[] {
  return (filters ?? []).some(({ type }) => type === 'ExtensionRef') ? ['/'] : [];
}
