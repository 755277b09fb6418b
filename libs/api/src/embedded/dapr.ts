import * as z from 'zod';
import { anyJson } from '../schema.ts';

const MetadataItem = z.object({
  name: z.string().describe('Name of the setting.'),
  value: anyJson().optional().describe('Value of the setting: any JSON.'),
  secretKeyRef: z
    .object({
      name: z.string().describe('Name of the Secret.'),
      key: z.string().describe('Key inside the Secret.'),
    })
    .optional()
    .describe('Takes the value from a Secret.'),
});

/** The spec of a Dapr Component. */
export const DaprComponent = z.object({
  type: z.string().describe('Component type, e.g. bindings.kafka.'),
  version: z.string().describe('Component version, e.g. v1.'),
  metadata: z.array(MetadataItem).describe('Settings of the component.'),
  ignoreErrors: z.boolean().optional().describe('Lets the sidecar start even if the component fails to.'),
  initTimeout: z.string().optional().describe('Time allowed for the component to start, e.g. 5s.'),
});
export type DaprComponent = z.input<typeof DaprComponent>;

/** Dapr components by name. */
export const DaprComponents = z.record(z.string(), DaprComponent);
