import type { FunctionSettings, Input } from './settings.ts';

/** What Dapr asks of the app channel of an event-driven function. */
export type DaprRequest =
  /** A list of topics, a configuration, a sign of life: the same answer each time. */
  | { answer: unknown }
  /** An event for an input. */
  | { name: string; input: Input }
  /** Nothing that this function offers. */
  | undefined;

const EVENTS = '/openfunction/events/';

/** Decides what a request of Dapr is. `OPTIONS /<binding>` asks whether the function takes events of a binding. */
export function routeDapr(settings: FunctionSettings, method: string, url: string): DaprRequest {
  const path = url.split('?', 1)[0] ?? '/';
  if (method === 'GET') return fixedAnswer(settings, path);
  const inputs = Object.entries(settings.inputs);
  const found =
    inputs.find(([name, input]) => path === pathOf(name, input)) ?? inputs.find(([, input]) => isTopic(input, path));
  if (found === undefined) return undefined;
  if (method === 'OPTIONS') return { answer: undefined };
  const [name, input] = found;
  return method === 'POST' || method === 'PUT' ? { name, input } : undefined;
}

/**
 * What Dapr asks of a function beside which it stands only for outputs and states: whether it takes events. The function itself must not
 * run for that. Undefined for everything that is the function's own.
 */
export function answerProbe(
  { outputs, states }: FunctionSettings,
  method: string,
  url: string,
): { status: number; value?: unknown } | undefined {
  const components = Object.values(outputs).map(({ component }) => `/${encodeURIComponent(component)}`);
  if (components.length === 0 && Object.keys(states).length === 0) return undefined;
  const path = url.split('?', 1)[0] ?? '/';
  if (method === 'GET' && path === '/dapr/subscribe') return { status: 200, value: [] };
  if (method === 'GET' && path === '/dapr/config') return { status: 200, value: {} };
  return method === 'OPTIONS' && components.includes(path) ? { status: 404 } : undefined;
}

function fixedAnswer(settings: FunctionSettings, path: string): DaprRequest {
  if (path === '/dapr/subscribe') return { answer: subscriptions(settings) };
  if (path === '/dapr/config') return { answer: {} };
  return path === '/healthz' ? { answer: undefined } : undefined;
}

function subscriptions({ inputs }: FunctionSettings) {
  return Object.entries(inputs)
    .filter(([, { block }]) => block === 'pubsub')
    .map(([name, input]) => ({ pubsubname: input.component, topic: input.topic, route: pathOf(name, input) }));
}

/** Dapr posts events of a binding to the binding's name, and those of a topic to where the function says. */
function pathOf(name: string, { block, component }: Input): string {
  return block === 'bindings' ? `/${encodeURIComponent(component)}` : `${EVENTS}${encodeURIComponent(name)}`;
}

/** The proxy of standalone mode does not ask where events go: it posts those of a topic to the topic's name. */
function isTopic({ block, topic }: Input, path: string): boolean {
  return block === 'pubsub' && topic !== undefined && [`/${topic}`, `/${encodeURIComponent(topic)}`].includes(path);
}

/** The data in the CloudEvent that Dapr wraps events of a topic in; anything else is the data itself (`rawPayload`). */
export function unwrapEvent(type: string, body: unknown): { data: unknown; event?: Record<string, unknown> } {
  const isEvent = /^application\/cloudevents\+json\b/i.test(type) && typeof body === 'object' && body !== null;
  if (!isEvent) return { data: body };
  const event = body as Record<string, unknown>;
  const bytes = event['data_base64'];
  return { data: typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : event['data'], event };
}
