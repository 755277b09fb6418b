import type { Container, ContainerPort, EnvVar, PodSpec } from './pod-spec.ts';

/**
 * The pod with each variable, port and pull secret once. Kubernetes takes the last of equal variables; of equal ports the first has the
 * user's name. What is stored may hold some twice, but server-side apply refuses them. A pod without any is returned as it is.
 */
export function withoutRepeats(pod: PodSpec): PodSpec {
  const pruned: PodSpec = {
    ...pod,
    ...changed(pod, 'containers', eachOnce),
    ...changed(pod, 'initContainers', eachOnce),
    ...changed(pod, 'imagePullSecrets', secretsOnce),
  };
  return isSame(pod, pruned) ? pod : pruned;
}

function eachOnce(containers: Container[]): Container[] {
  const once = containers.map(containerOnce);
  return once.every((container, at) => container === containers[at]) ? containers : once;
}

function containerOnce(container: Container): Container {
  const once = {
    ...container,
    ...changed(container, 'env', lastVariables),
    ...changed(container, 'ports', firstPorts),
  };
  return isSame(container, once) ? container : once;
}

function lastVariables(env: EnvVar[]): EnvVar[] {
  return firstOfEach(env.toReversed(), ({ name }) => name).toReversed();
}

function firstPorts(ports: ContainerPort[]): ContainerPort[] {
  return firstOfEach(ports, ({ containerPort, protocol = 'TCP' }) => `${containerPort}/${protocol}`);
}

function secretsOnce(secrets: NonNullable<PodSpec['imagePullSecrets']>): { name?: string }[] {
  return firstOfEach(secrets, ({ name = '' }) => name);
}

function firstOfEach<Item>(items: readonly Item[], keyOf: (item: Item) => string): Item[] {
  const first = new Map<string, Item>();
  for (const item of items) if (!first.has(keyOf(item))) first.set(keyOf(item), item);
  return [...first.values()];
}

/** The list under that name with the repeats gone; nothing where there are none. */
function changed<Name extends string, Item>(
  holder: { [Key in Name]?: Item[] | null | undefined },
  name: Name,
  once: (items: Item[]) => Item[],
): Partial<Record<Name, Item[]>> {
  const items = holder[name];
  if (!Array.isArray(items)) return {};
  const kept = once(items);
  const isChanged = kept.length !== items.length || kept.some((item, at) => item !== items[at]);
  return isChanged ? ({ [name]: kept } as Record<Name, Item[]>) : {};
}

function isSame<Fields extends object>(before: Fields, after: Fields): boolean {
  return Object.entries(after).every(([name, value]) => value === (before as Record<string, unknown>)[name]);
}
