import type * as z from 'zod';
import { Builder } from './builder/builder.ts';

export { EMBED } from './embedded/pod-spec.ts';

import { Function as FunctionSchema } from './function/function.ts';
import { Gateway } from './gateway/gateway.ts';
import { BUILDER, FUNCTION, GATEWAY, type Kind, SERVING } from './kinds.ts';
import { Serving } from './serving/serving.ts';

/** A column of `kubectl get`; priority 1 shows it only with `-o wide`. */
export interface PrinterColumn {
  name: string;
  type: 'string' | 'date';
  jsonPath: string;
  priority?: 1;
}

/** What the CRD of a kind says besides its schema. */
export interface CrdSource {
  kind: Kind;
  schema: z.ZodType;
  shortNames: string[];
  columns: PrinterColumn[];
}

/** Lists every kind of ours with `kubectl get openfunction`. */
export const CATEGORY = 'openfunction';

const text = (name: string, jsonPath: string): PrinterColumn => ({ name, type: 'string', jsonPath });
const wide = (name: string, jsonPath: string): PrinterColumn => ({ ...text(name, jsonPath), priority: 1 });
const ready = (name: string, field: string) => text(name, `.status.conditions[?(@.type=="Ready")].${field}`);
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

/** Our kinds. The first rows of `kubectl get fn` fit 120 columns; the rest of the original's columns are wide. */
export const CRDS: CrdSource[] = [
  {
    kind: FUNCTION,
    schema: FunctionSchema,
    shortNames: ['fn'],
    columns: [
      text('BuildState', '.status.build.state'),
      text('ServingState', '.status.serving.state'),
      ready('Ready', 'status'),
      ready('Reason', 'reason'),
      text('URL', '.status.url'),
      wide('Builder', '.status.build.resourceRef'),
      wide('Serving', '.status.serving.resourceRef'),
      wide('Address', '.status.addresses[?(@.type=="Internal")].value'),
      AGE,
    ],
  },
  {
    kind: BUILDER,
    schema: Builder,
    shortNames: ['fb'],
    columns: [
      text('Phase', '.status.phase'),
      text('State', '.status.state'),
      text('Reason', '.status.reason'),
      text('BuildDuration', '.status.buildDuration'),
      ready('Ready', 'status'),
      AGE,
    ],
  },
  {
    kind: SERVING,
    schema: Serving,
    shortNames: [],
    columns: [
      text('Phase', '.status.phase'),
      text('State', '.status.state'),
      ready('Ready', 'status'),
      ready('Reason', 'reason'),
      AGE,
    ],
  },
  {
    kind: GATEWAY,
    schema: Gateway,
    shortNames: [],
    columns: [text('Address', '.status.addresses[*].value'), ready('Ready', 'status'), AGE],
  },
];
