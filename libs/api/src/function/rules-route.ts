import { wrongPath } from '../gateway/template.ts';
import {
  type Complaint,
  CREATE_AND_UPDATE,
  type FieldPath,
  invalid,
  isAbsent,
  isObject,
  type Rule,
  required,
  segments,
  valueAt,
} from '../rules.ts';
import { served } from './examples.ts';
import { repeated } from './field-rules.ts';

/**
 * What the Gateway API (v1) takes in no route: said here, at the field, instead of at an HTTPRoute that nobody has written. Its own CRD
 * holds the same, so ours need not.
 */

const ROUTE = 'spec.serving.triggers.http.route';

/** The field that belongs to each type of filter. */
const FILTER_FIELDS: Readonly<Record<string, string>> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  RequestMirror: 'requestMirror',
  RequestRedirect: 'requestRedirect',
  ExtensionRef: 'extensionRef',
};
const SINGLE_FILTERS = ['RequestHeaderModifier', 'RequestRedirect'];
const PARAMETER = /^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/;

interface Found {
  value: unknown;
  at: FieldPath;
}

/** All values that a path with lists in it stands for. */
function findAll(value: unknown, [name, ...rest]: readonly string[], at: FieldPath = []): Found[] {
  if (name === undefined) return [{ value, at }];
  if (!name.endsWith('[]')) return findAll(valueAt(value, [name]), rest, [...at, name]);
  const list = name.slice(0, -2);
  const items = valueAt(value, [list]);
  if (!Array.isArray(items)) return [];
  return items.flatMap((item, index) => findAll(item, rest, [...at, list, index]));
}

/** What is wrong with one value below a rule of the route; `accepts` and `refuses` are such rules. */
function routeRule(
  {
    path,
    field,
    accepts,
    refuses,
    ...row
  }: Pick<Rule, 'id' | 'says'> & {
    path: string;
    /** The field of the value that is reported, where it is not the value itself. */
    field?: string;
    accepts: object;
    refuses: object;
  },
  broken: (value: unknown) => Complaint | undefined,
): Rule {
  const looked = segments(`${ROUTE}.rules[].${path}`);
  return {
    ...row,
    id: `serving.triggers.http.route.rules.${row.id}`,
    number: 'N10',
    path: `${ROUTE}.rules[].${path}${field === undefined ? '' : `.${field}`}`,
    within: ROUTE,
    on: CREATE_AND_UPDATE,
    level: 'deny',
    broken: (fn) => {
      const found = findAll(fn, looked).flatMap(({ value, at }) => {
        const complaint = broken(value);
        return complaint === undefined ? [] : [{ ...complaint, at: field === undefined ? at : [...at, field] }];
      });
      return found.length === 0 ? undefined : found;
    },
    accepts: routed(accepts),
    refuses: routed(refuses),
  };
}

function routed(rule: object): unknown {
  return served({ serving: { triggers: { http: { route: { rules: [rule] } } } } });
}

function matched(match: object): object {
  return { matches: [match] };
}

function filtered(...filters: object[]): object {
  return { filters };
}

const REDIRECT = { type: 'RequestRedirect', requestRedirect: { scheme: 'https' } };

function headers(requestHeaderModifier: object): object {
  return { type: 'RequestHeaderModifier', requestHeaderModifier };
}

function mirror(backendRef: object): object {
  return filtered({ type: 'RequestMirror', requestMirror: { backendRef } });
}

function brokenPath(path: unknown): Complaint | undefined {
  if (!isObject(path)) return undefined;
  const { type, value } = { type: path['type'] ?? 'PathPrefix', value: path['value'] ?? '/' };
  // A regular expression is the gateway's to judge, other types and what is too long the schema's.
  if ((type !== 'Exact' && type !== 'PathPrefix') || typeof value !== 'string' || value.length > 1024) return undefined;
  const wrong = value.startsWith('/') ? wrongPath(value) : 'must begin with `/`';
  return wrong === undefined ? undefined : invalid(value, `${wrong}, where \`type\` is "${type}"`);
}

function brokenFilter(filter: unknown): Complaint | undefined {
  const type = valueAt(filter, 'type');
  const own = typeof type === 'string' && Object.hasOwn(FILTER_FIELDS, type) ? FILTER_FIELDS[type] : undefined;
  if (own === undefined) return undefined;
  if (isAbsent(valueAt(filter, [own]))) return invalid(type, `must have the field \`${own}\` beside it`);
  const others = Object.values(FILTER_FIELDS).filter((name) => name !== own && !isAbsent(valueAt(filter, [name])));
  if (others.length === 0) return undefined;
  const names = others.map((name) => `\`${name}\``).join(', ');
  return invalid(type, `must have only the field \`${own}\` beside it: make a filter of its own for ${names}`);
}

function repeatedFilter(filters: unknown): Complaint | undefined {
  const types = Array.isArray(filters) ? filters.map((filter) => valueAt(filter, 'type')) : [];
  const value = repeated(types).find((type) => SINGLE_FILTERS.includes(type));
  return value === undefined ? undefined : { reason: 'Duplicate', value, detail: 'put all of it into one filter' };
}

function portless(backend: unknown): Complaint | undefined {
  if (!isObject(backend) || !isAbsent(backend['port'])) return undefined;
  const isService = (backend['group'] ?? '') === '' && (backend['kind'] ?? 'Service') === 'Service';
  return isService ? required('must be the port of the Service') : undefined;
}

/** What an HTTPRoute would be refused for. */
export const ROUTE_RULES: readonly Rule[] = [
  routeRule(
    {
      id: 'matches.path',
      path: 'matches[].path',
      says: 'a value that is no path from the root, for the types `Exact` and `PathPrefix`: without a leading `/`, with `//`, `/./`, `/../` or an encoded slash, or with characters that no path holds',
      accepts: matched({ path: { type: 'Exact', value: '/a%20b/.c' } }),
      refuses: matched({ path: { type: 'PathPrefix', value: 'orders' } }),
    },
    brokenPath,
  ),
  routeRule(
    {
      id: 'matches.queryParams.name',
      path: 'matches[].queryParams[].name',
      says: 'a name with other characters than an HTTP header may have',
      accepts: matched({ queryParams: [{ name: 'sort-by', value: 'a' }] }),
      refuses: matched({ queryParams: [{ name: 'sort[by]', value: 'a' }] }),
    },
    (name) =>
      typeof name === 'string' && name !== '' && !PARAMETER.test(name)
        ? invalid(name, "must only hold letters, digits and !#$%&'*+-.^_`|~")
        : undefined,
  ),
  routeRule(
    {
      id: 'filters.own-field',
      path: 'filters[]',
      says: 'without the field that belongs to its `type`, or with that of another type',
      accepts: filtered(REDIRECT),
      refuses: filtered({ type: 'RequestHeaderModifier', requestRedirect: { scheme: 'https' } }),
    },
    brokenFilter,
  ),
  routeRule(
    {
      id: 'filters.once',
      path: 'filters',
      says: `${SINGLE_FILTERS.map((type) => `\`${type}\``).join(' or ')} more than once in a rule`,
      accepts: filtered(headers({ remove: ['x-a'] }), REDIRECT),
      refuses: filtered(headers({ remove: ['x-a'] }), headers({ remove: ['x-b'] })),
    },
    repeatedFilter,
  ),
  routeRule(
    {
      id: 'filters.requestHeaderModifier.remove.once',
      path: 'filters[].requestHeaderModifier.remove',
      says: 'a header more than once',
      accepts: filtered(headers({ remove: ['x-a', 'x-b'] })),
      refuses: filtered(headers({ remove: ['x-a', 'x-a'] })),
    },
    (names) => {
      const [value] = Array.isArray(names) ? repeated(names) : [];
      return value === undefined ? undefined : { reason: 'Duplicate', value, detail: 'give it once' };
    },
  ),
  routeRule(
    {
      id: 'filters.requestMirror.port',
      path: 'filters[].requestMirror.backendRef',
      field: 'port',
      says: 'absent, for a Service',
      accepts: mirror({ name: 'copy', port: 80 }),
      refuses: mirror({ name: 'copy' }),
    },
    portless,
  ),
  routeRule(
    {
      id: 'filters.requestRedirect.hostname',
      path: 'filters[].requestRedirect.hostname',
      says: 'a wildcard',
      accepts: filtered({ ...REDIRECT, requestRedirect: { hostname: 'new.example' } }),
      refuses: filtered({ ...REDIRECT, requestRedirect: { hostname: '*.example' } }),
    },
    (hostname) =>
      typeof hostname === 'string' && hostname.startsWith('*')
        ? invalid(hostname, 'must be one host, such as "new.example": a redirect leads to no wildcard')
        : undefined,
  ),
];
