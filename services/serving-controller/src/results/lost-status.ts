import {
  conditionTime,
  GO_OPERATOR,
  HTTP_SCALED_OBJECT,
  isOfKind,
  isSameObject,
  type KubeObject,
  SCALED_OBJECT,
  type Serving,
  STATE,
} from '@openfunction/api';

/**
 * The Serving as it was before somebody emptied its status, where what it is made of still proves that this version has run: our scaler
 * lets the workload go to zero, and a version that never ran is held at one (resources/replicas.ts). Undefined where there is no proof:
 * the status says something, the scaler is the Go operator's still, or the user's minimum is no lower.
 * @param wanted what it is made of if it has never run
 */
export function recallRun(
  serving: Serving,
  wanted: readonly KubeObject[],
  owned: readonly KubeObject[],
  now: Date,
): Serving | undefined {
  const { state, conditions } = serving.status ?? {};
  if (state !== undefined || conditions !== undefined) return undefined;
  const released = wanted.some((object) => {
    const live = owned.find((each) => isSameObject(each, object));
    return live !== undefined && fewestOf(object) > 0 && fewestOf(live) === 0 && isOurs(live);
  });
  if (!released) return undefined;
  return { ...serving, status: { ...serving.status, state: STATE.running, readyTime: conditionTime(now) } };
}

/** The fewest replicas that a scaler is told of; none for both kinds where they are told nothing. */
function fewestOf(object: KubeObject): number {
  if (isOfKind(object, SCALED_OBJECT)) return object['spec']?.minReplicaCount ?? 0;
  return isOfKind(object, HTTP_SCALED_OBJECT) ? (object['spec']?.replicas?.min ?? 0) : 0;
}

function isOurs({ metadata }: KubeObject): boolean {
  const predecessors: readonly unknown[] = GO_OPERATOR.fieldManagers;
  return (metadata.managedFields ?? []).every(({ manager }) => !predecessors.includes(manager));
}
