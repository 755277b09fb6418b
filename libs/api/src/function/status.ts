import * as z from 'zod';
import { Hostname, PathMatch } from '../embedded/gateway-api.ts';
import { ConditionSchema, Conditions, ObservedGeneration } from '../embedded/meta.ts';
import { duration, int32, listMap } from '../schema.ts';
import { SourceResult } from './build.ts';

/** State of one half of a Function: the build or the serving. */
export const StepStatus = z.object({
  state: z
    .string()
    .optional()
    .describe('Created, Building, Starting, Running, Succeeded, Failed, Skipped, Timeout or Canceled.'),
  reason: z.string().optional().describe('Why it is in this state, in one word.'),
  message: z.string().optional().describe('Why it is in this state, in one sentence.'),
  resourceRef: z.string().optional().describe('Name of the Builder or Serving.'),
  lastSuccessfulResourceRef: z
    .string()
    .optional()
    .describe('Name of the last Builder that built an image, or of the last Serving that ran.'),
  resourceHash: z.string().optional().describe('Hash of the wanted spec of the Builder or Serving.'),
  service: z.string().optional().describe('Name of the Service that carries the traffic.'),
  buildDuration: duration().optional().describe('How long the build took.'),
});
export type StepStatus = z.input<typeof StepStatus>;

export const FunctionAddress = z.object({
  type: z.string().describe('Internal or External.'),
  value: z.string().min(1).max(253).describe('URL of the function.'),
});
export type FunctionAddress = z.input<typeof FunctionAddress>;

export const RouteStatus = z.object({
  hosts: z.array(Hostname).max(16).optional().describe('Hosts of the route.'),
  paths: z.array(PathMatch).max(16).optional().describe('Paths of the route.'),
  conditions: z
    .array(ConditionSchema)
    .min(1)
    .max(8)
    .meta(listMap('type'))
    .optional()
    .describe('What the gateway says about the route.'),
});
export type RouteStatus = z.input<typeof RouteStatus>;

export const FunctionVersion = z.object({
  number: int32().describe('Number of the version, as in the annotation openfunction.io/rollback-to.'),
  version: z.string().optional().describe('spec.version of that time.'),
  imageDigest: z
    .string()
    .optional()
    .describe('Digest of the image, where it is known. Without one, a rollback runs what the tag names by then.'),
  created: z.string().optional().describe('When it first ran.'),
  active: z.boolean().optional().describe('Whether it is the one that is served.'),
});
export type FunctionVersion = z.input<typeof FunctionVersion>;

export const FunctionStatus = z.object({
  observedGeneration: ObservedGeneration,
  conditions: Conditions,
  build: StepStatus.optional().describe('State of the build.'),
  serving: StepStatus.optional().describe('State of the serving.'),
  url: z.string().optional().describe('Address to open: the external one if there is one, else the internal one.'),
  addresses: z.array(FunctionAddress).optional().describe('Addresses of the function.'),
  route: RouteStatus.optional().describe('State of the route.'),
  revision: z
    .object({ imageDigest: z.string().optional().describe('Digest of the built image.') })
    .optional()
    .describe('What was built last.'),
  versions: z
    .array(FunctionVersion)
    .optional()
    .describe('Versions that have run and can be served again, newest first; at most 10.'),
  sources: z.array(SourceResult).optional().describe('Sources of the built image.'),
});
export type FunctionStatus = z.input<typeof FunctionStatus>;
