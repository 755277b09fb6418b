import type { KubeObject } from '@openfunction/api';

/** Shipwright v1beta1 (0.17), as far as the local builder reads it. */
export interface ParamValue extends SingleValue {
  name: string;
  values?: SingleValue[] | null;
}

interface SingleValue {
  value?: string | null;
  configMapValue?: { name: string; key: string } | null;
  secretValue?: { name: string; key: string } | null;
}

interface StepEnv {
  name: string;
  value?: string;
}

export interface BuildSpec {
  source?: {
    type?: string;
    contextDir?: string;
    git?: { url?: string; revision?: string; cloneSecret?: string };
    ociArtifact?: { image?: string };
  };
  strategy?: { name?: string; kind?: string };
  paramValues?: ParamValue[];
  env?: StepEnv[];
  output?: { image?: string };
  timeout?: string;
}

export interface BuildRunSpec {
  build?: { name?: string; spec?: BuildSpec };
  paramValues?: ParamValue[];
  env?: StepEnv[];
  output?: { image?: string };
  timeout?: string;
  state?: string;
}

/** State that asks for the end of a run. */
export const CANCELED = 'BuildRunCanceled';
export const CANCELED_MESSAGE = 'The BuildRun was canceled by the user.';

/** The condition `Succeeded` of a BuildRun, when it is True or False. */
export function isComplete(buildRun: KubeObject): boolean {
  return typeof buildRun.status?.completionTime === 'string';
}

/** Whether the user asked for the end of the run. */
export function isCanceled(buildRun: KubeObject): boolean {
  return (buildRun.spec as BuildRunSpec | undefined)?.state === CANCELED;
}
