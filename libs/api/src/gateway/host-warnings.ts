import { type Complaint, CREATE_AND_UPDATE, invalid, type Rule, valueAt } from '../rules.ts';
import { serves } from './domain.ts';
import { external, gateway, internal } from './examples.ts';
import { isInternal, listenersOf } from './listeners.ts';
import { HOST_TEMPLATE, parseTemplate, renderHost, SAMPLE_FUNCTION, variablesIn, wrongHost } from './template.ts';

/** Host templates that are legal and lead functions to where nobody finds them. */

/** The host template, where one is written or by default, or undefined where its own rules refuse it. */
function templateOf(object: unknown): string | undefined {
  const template = valueAt(object, 'spec.hostTemplate') ?? HOST_TEMPLATE;
  return typeof template === 'string' && 'pieces' in parseTemplate(template) ? template || HOST_TEMPLATE : undefined;
}

/** Whether requests for the host come in through any listener; one without a hostname takes them all. */
function isServed(object: unknown, host: string): boolean {
  return listenersOf(object).some(({ listener }) => {
    const { hostname } = listener;
    return !isInternal(listener) && (typeof hostname !== 'string' || serves(hostname, host));
  });
}

function notServed(object: unknown): Complaint | undefined {
  const [template, domain] = [templateOf(object), valueAt(object, 'spec.domain')];
  if (
    template === undefined ||
    typeof domain !== 'string' ||
    listenersOf(object).every(({ listener }) => isInternal(listener))
  )
    return undefined;
  const host = renderHost({ domain, hostTemplate: template }, SAMPLE_FUNCTION);
  if (host === undefined || wrongHost(host) !== undefined || isServed(object, host)) return undefined;
  const detail = `no listener serves a host such as ${host}; functions without hostnames are not reached from outside`;
  return invalid(template, detail);
}

function sharesOneHost(object: unknown): Complaint | undefined {
  const template = templateOf(object);
  const parsed = parseTemplate(template ?? HOST_TEMPLATE);
  if (template === undefined || 'wrong' in parsed || variablesIn(parsed.pieces).has('Name')) return undefined;
  return invalid(template, 'without `{{.Name}}` functions share one host, and only one of them is reached by it');
}

/** What is told about `spec.hostTemplate`. */
export const HOST_WARNINGS: readonly Rule[] = [
  {
    id: 'hostTemplate.served',
    number: 'Q38',
    path: 'spec.hostTemplate',
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: 'a host that no listener serves',
    broken: notServed,
    accepts: gateway({ hostTemplate: '{{.Name}}.{{.Domain}}' }),
    refuses: gateway({ gatewaySpec: { listeners: [external({ hostname: 'api.ofn.io' }), internal()] } }),
  },
  {
    id: 'hostTemplate.by-name',
    number: 'Q38',
    path: 'spec.hostTemplate',
    on: CREATE_AND_UPDATE,
    level: 'warn',
    says: 'one host for all functions, or for all of a namespace',
    broken: sharesOneHost,
    accepts: gateway({ hostTemplate: '{{.Name}}.{{.Domain}}' }),
    refuses: gateway({ hostTemplate: 'apps.{{.Domain}}' }),
  },
];
