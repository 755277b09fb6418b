import { fileURLToPath } from 'node:url';
import { readManifests } from '@openfunction/local';

/** Folder of the strategies that users install. */
export const STRATEGIES = fileURLToPath(new URL('../../deploy/strategies/', import.meta.url));

export const NAMES = ['openfunction', 'buildah', 'kaniko', 'ko', 'wasmedge'] as const;

/** What the tests look at of a ClusterBuildStrategy (shipwright.io/v1beta1). */
export interface Strategy {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: {
    parameters: Parameter[];
    steps: Step[];
    volumes?: (Record<string, unknown> & { name: string })[];
    securityContext?: { runAsUser: number; runAsGroup: number };
  };
}

export interface Parameter {
  name: string;
  description: string;
  type?: 'string' | 'array';
  default?: string;
  defaults?: string[];
}

export interface Step {
  name: string;
  image: string;
  command: string[];
  args: string[];
  env: { name: string; value: string }[];
  volumeMounts?: { name: string; mountPath: string }[];
  securityContext: Record<string, unknown> & { capabilities?: { add?: string[]; drop?: string[] } };
  resources: { requests?: Record<string, string>; limits?: Record<string, string> };
}

/** The one strategy in `<name>.yaml`. */
export async function readStrategy(name: string): Promise<Strategy> {
  const [strategy] = await readManifests([`${STRATEGIES}${name}.yaml`]);
  return strategy as unknown as Strategy;
}

/** The shell script of a step: what follows `-c`. */
export function scriptOf(step: Step): string {
  return step.args[step.args.indexOf('-c') + 1] as string;
}

export function stepOf(strategy: Strategy, name: string): Step {
  const found = strategy.spec.steps.find((step) => step.name === name);
  if (found === undefined) throw new Error(`${strategy.metadata.name} has no step ${name}`);
  return found;
}
