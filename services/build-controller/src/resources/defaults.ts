import { ANNOTATION, type KubeObject } from '@openfunction/api';

/** As people write them, and more than nothing; of requests above the limits the API server tells. */
const QUANTITY = /^(?=.*[1-9])\d+(?:\.\d+)?(?:[mkMGTPE]|[KMGTPE]i)?$/;
const RESOURCES = new Set(['cpu', 'memory', 'ephemeral-storage']);

/** What a container gets that does not say it itself: quantities by resource. */
export interface Defaults {
  limits: Record<string, string>;
  requests: Record<string, string>;
}

/** What a namespace asks for: defaults, nothing, or something that cannot be understood, as the beginning of a sentence. */
export interface AskedDefaults {
  defaults?: Defaults;
  trouble?: string;
}

export function readDefaults(namespace: KubeObject | undefined): AskedDefaults {
  const { name, annotations = {} } = namespace?.metadata ?? {};
  const limits = parseResources(annotations[ANNOTATION.buildLimits]);
  const requests = parseResources(annotations[ANNOTATION.buildRequests]);
  const bad = (annotation: string, trouble: string) => ({
    trouble: `Namespace ${name}: the annotation ${annotation} has ${trouble}`,
  });
  if (typeof limits === 'string') return bad(ANNOTATION.buildLimits, limits);
  if (typeof requests === 'string') return bad(ANNOTATION.buildRequests, requests);
  if (Object.keys({ ...limits, ...requests }).length === 0) return {};
  return { defaults: { limits, requests } };
}

/** The quantities, or what is wrong with them. */
function parseResources(text: string | undefined): Record<string, string> | string {
  const quantities: Record<string, string> = {};
  if (text === undefined) return quantities;
  for (const item of text.split(',')) {
    const [resource = '', quantity = '', ...rest] = item.split('=').map((part) => part.trim());
    if (!RESOURCES.has(resource)) return `"${resource}", which is none of ${[...RESOURCES].join(', ')}`;
    if (resource in quantities) return `${resource} twice`;
    if (rest.length > 0 || !QUANTITY.test(quantity)) return `no quantity for ${resource} in "${item.trim()}"`;
    quantities[resource] = quantity;
  }
  return quantities;
}
