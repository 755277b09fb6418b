import type { KubeObject } from '@openfunction/api';

/** The label of a namespace by which the API server refuses pods (Pod Security Admission). */
const ENFORCED_LEVEL = 'pod-security.kubernetes.io/enforce';

/** Levels that refuse something (Pod Security Standards). */
const LEVELS = ['baseline', 'restricted'] as const;
type Level = (typeof LEVELS)[number];

/** What each level refuses of a strategy, e.g. `step prepare is privileged`; nothing where it takes the strategy as it is. */
export type Privileges = Record<Level, string[]>;

/** A step of a strategy, as far as Pod Security asks about it. */
interface StrategyStep {
  name: string;
  securityContext?: {
    privileged?: boolean;
    runAsUser?: number;
    runAsNonRoot?: boolean;
    allowPrivilegeEscalation?: boolean;
    capabilities?: { add?: string[]; drop?: string[] };
    procMount?: string;
    seccompProfile?: { type?: string };
  };
}

/** What a container may add at each level (Pod Security Standards, "Capabilities"). */
const BASELINE_CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

const CAPABILITIES: Record<Level, ReadonlySet<string>> = {
  baseline: BASELINE_CAPABILITIES,
  restricted: new Set(['NET_BIND_SERVICE']),
};

/**
 * What the strategy itself asks for beyond each level, as far as it is certain: a user and a seccomp profile that a step does not name may
 * come from Tekton's pod template, and Tekton's own containers are as Tekton is configured (`set-security-context`). Capabilities
 * and privilege escalation of a step are nobody's but the step's: neither Shipwright nor Tekton adds them.
 */
export function privilegesIn(strategy: KubeObject): Privileges {
  const { steps, buildSteps, volumes = [], securityContext } = strategy['spec'] ?? {};
  // Shipwright gives this user to the steps that name none (buildrun/resources/steps/security_context.go).
  const user = securityContext?.runAsUser as number | undefined;
  const hostPaths = (volumes as { name: string; hostPath?: object }[]).filter(({ hostPath }) => hostPath !== undefined);
  const beyond = (level: Level) => [
    ...((steps ?? buildSteps ?? []) as StrategyStep[]).flatMap((step) => stepBeyond(level, step, user)),
    ...hostPaths.map(({ name }) => `volume ${name} is a folder of the node`),
  ];
  return { baseline: beyond('baseline'), restricted: beyond('restricted') };
}

/**
 * In one sentence, why the API server will most likely refuse the pod of a build; undefined when it has no such reason. Only most
 * likely: the cluster may exempt who makes the pod, which shows nowhere.
 */
export function foretellRefusal(strategyName: string, privileges: Privileges, namespace: KubeObject | undefined) {
  const enforced = namespace?.metadata.labels?.[ENFORCED_LEVEL];
  const level = LEVELS.find((each) => each === enforced);
  if (level === undefined || privileges[level].length === 0) return undefined;
  const rule = `namespace ${namespace?.metadata.name} enforces PodSecurity "${level}"`;
  return `${strategyName} needs more than its pod may have here (${rule}): ${privileges[level].join('; ')}.`;
}

function stepBeyond(level: Level, step: StrategyStep, strategyUser: number | undefined): string[] {
  const { privileged, capabilities, procMount = 'Default', seccompProfile } = step.securityContext ?? {};
  const added = (capabilities?.add ?? []).filter((capability) => !CAPABILITIES[level].has(capability));
  const deeds = [
    ...(privileged === true ? ['is privileged'] : []),
    ...(added.length > 0 ? [`adds ${added.join(', ')}`] : []),
    ...(procMount === 'Default' ? [] : [`mounts proc as ${procMount}`]),
    ...(seccompProfile?.type === 'Unconfined' ? ['has no seccomp profile'] : []),
    ...(level === 'restricted' ? beyondRestricted(step, strategyUser) : []),
  ];
  return deeds.length === 0 ? [] : [`step ${step.name} ${deeds.join(', ')}`];
}

function beyondRestricted({ securityContext = {} }: StrategyStep, strategyUser: number | undefined): string[] {
  const { runAsUser = strategyUser, runAsNonRoot, allowPrivilegeEscalation, capabilities } = securityContext;
  return [
    ...(runAsUser === 0 ? ['runs as user 0'] : []),
    ...(runAsNonRoot === false ? ['has runAsNonRoot: false'] : []),
    ...(capabilities?.drop?.includes('ALL') ? [] : ['does not drop ALL']),
    ...(allowPrivilegeEscalation === false ? [] : ['does not have allowPrivilegeEscalation: false']),
  ];
}
