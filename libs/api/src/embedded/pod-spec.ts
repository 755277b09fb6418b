import * as z from 'zod';
import { EMBED } from '../structural.ts';

/** A variable of a container (core/v1 EnvVar). */
export interface EnvVar {
  name: string;
  value?: string;
  valueFrom?: Record<string, unknown>;
}

export interface ContainerPort {
  containerPort: number;
  name?: string;
  protocol?: string;
  // biome-ignore lint/suspicious/noExplicitAny: fields that this project passes through
  [field: string]: any;
}

/** core/v1 Container, as far as this project reads or sets it. */
export interface Container {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  env?: EnvVar[];
  ports?: ContainerPort[];
  // biome-ignore lint/suspicious/noExplicitAny: fields that this project passes through
  [field: string]: any;
}

/** core/v1 PodSpec, as far as this project reads or sets it; everything else passes through. */
export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  imagePullSecrets?: { name?: string }[];
  runtimeClassName?: string;
  serviceAccountName?: string;
  restartPolicy?: string;
  nodeName?: string;
  // biome-ignore lint/suspicious/noExplicitAny: fields that this project passes through
  [field: string]: any;
}

/** A PodSpec: its schema comes from the API server (`generated/pod-spec.json`), not from here. */
export const PodSpec = z.custom<PodSpec>(isObject).meta({ [EMBED]: 'PodSpec' });

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
