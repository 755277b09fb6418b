import type { Condition, KubeObject } from '@openfunction/api';

/** What a gateway says of a route at one of its parents: a listener of ours. */
export interface ParentStatus {
  parentRef?: { namespace?: string; name?: string; sectionName?: string };
  conditions?: Condition[];
}

/** What is said of a route, parent by parent; nothing while no gateway has looked at it. */
export function parentsOf(route: KubeObject | undefined): ParentStatus[] {
  return (route?.['status']?.parents ?? []) as ParentStatus[];
}

/** The condition of this type, if the parent has seen the route as it is; a gateway need not say what it has seen. */
export function currentCondition(
  route: KubeObject,
  { conditions = [] }: ParentStatus,
  wanted: string,
): Condition | undefined {
  const { generation = 0 } = route.metadata;
  return conditions.find(
    ({ type, observedGeneration = generation }) => type === wanted && observedGeneration >= generation,
  );
}
