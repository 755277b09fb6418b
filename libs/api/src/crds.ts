import type * as z from 'zod';
import { Builder } from './builder/builder.ts';
import { ClusterEventBus, EventBus } from './events/event-bus.ts';
import { EventSource } from './events/event-source.ts';
import { Trigger } from './events/trigger.ts';
import { Function as FunctionSchema } from './function/function.ts';
import { Gateway } from './gateway/gateway.ts';
import {
  BUILDER,
  CLUSTER_EVENT_BUS,
  EVENT_BUS,
  EVENT_SOURCE,
  FUNCTION,
  GATEWAY,
  type Kind,
  SERVING,
  TRIGGER,
} from './kinds.ts';
import { Serving } from './serving/serving.ts';
import { BuilderV1beta1 } from './v1beta1/builder.ts';
import { FunctionV1beta1 } from './v1beta1/function.ts';
import { ServingV1beta1 } from './v1beta1/serving.ts';

/** A column of `kubectl get`; priority 1 shows it only with `-o wide`. */
export interface PrinterColumn {
  name: string;
  type: 'string' | 'date';
  jsonPath: string;
  priority?: 1;
}

/** A version that is served beside the stored one, and converted from and to it by the webhook. */
export interface OlderVersion {
  name: string;
  schema: z.ZodType;
  columns: PrinterColumn[];
}

/** What the CRD of a kind says. Schema and columns are those of the stored version, the first one of the kind. */
export interface CrdSource {
  kind: Kind;
  schema: z.ZodType;
  shortNames: string[];
  columns: PrinterColumn[];
  /** Deprecated: each use is answered with a warning that names the stored version. */
  older?: OlderVersion;
}

/** Lists every kind of ours with `kubectl get openfunction`. */
export const CATEGORY = 'openfunction';

const text = (name: string, jsonPath: string): PrinterColumn => ({ name, type: 'string', jsonPath });
const wide = (name: string, jsonPath: string): PrinterColumn => ({ ...text(name, jsonPath), priority: 1 });
const ready = (name: string, field: string) => text(name, `.status.conditions[?(@.type=="Ready")].${field}`);
const AGE: PrinterColumn = { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' };

const FUNCTION_COLUMNS = [
  text('BuildState', '.status.build.state'),
  text('ServingState', '.status.serving.state'),
  ready('Ready', 'status'),
  ready('Reason', 'reason'),
  text('URL', '.status.url'),
  wide('Builder', '.status.build.resourceRef'),
  wide('Serving', '.status.serving.resourceRef'),
  wide('Address', '.status.addresses[?(@.type=="Internal")].value'),
  AGE,
];

const BUILDER_COLUMNS = [
  text('Phase', '.status.phase'),
  text('State', '.status.state'),
  text('Reason', '.status.reason'),
  text('BuildDuration', '.status.buildDuration'),
  ready('Ready', 'status'),
  AGE,
];

const SERVING_COLUMNS = [
  text('Phase', '.status.phase'),
  text('State', '.status.state'),
  ready('Ready', 'status'),
  ready('Reason', 'reason'),
  AGE,
];

const EVENT_BUS_COLUMN = text('EventBus', '.spec.eventBus');
/** The last condition is the newest. */
const EVENT_STATUS_COLUMN = text('Status', '.status.conditions[-1].type');

/** Our kinds. The first rows of `kubectl get fn` fit 120 columns; the rest of the original's columns are wide. */
export const CRDS: CrdSource[] = [
  {
    kind: FUNCTION,
    schema: FunctionSchema,
    shortNames: ['fn'],
    columns: FUNCTION_COLUMNS,
    older: { name: 'v1beta1', schema: FunctionV1beta1, columns: FUNCTION_COLUMNS },
  },
  {
    kind: BUILDER,
    schema: Builder,
    shortNames: ['fb'],
    columns: BUILDER_COLUMNS,
    older: {
      name: 'v1beta1',
      schema: BuilderV1beta1,
      columns: BUILDER_COLUMNS.filter(({ name }) => name !== 'BuildDuration'),
    },
  },
  {
    kind: SERVING,
    schema: Serving,
    shortNames: [],
    columns: SERVING_COLUMNS,
    older: { name: 'v1beta1', schema: ServingV1beta1, columns: SERVING_COLUMNS },
  },
  {
    kind: GATEWAY,
    schema: Gateway,
    shortNames: [],
    columns: [text('Address', '.status.addresses[*].value'), ready('Ready', 'status'), AGE],
  },
  {
    kind: EVENT_SOURCE,
    schema: EventSource,
    shortNames: ['es'],
    columns: [EVENT_BUS_COLUMN, text('Sink', '.spec.sink.uri'), EVENT_STATUS_COLUMN, AGE],
  },
  { kind: EVENT_BUS, schema: EventBus, shortNames: ['eb'], columns: [AGE] },
  { kind: CLUSTER_EVENT_BUS, schema: ClusterEventBus, shortNames: ['ceb'], columns: [AGE] },
  { kind: TRIGGER, schema: Trigger, shortNames: [], columns: [EVENT_BUS_COLUMN, EVENT_STATUS_COLUMN, AGE] },
];
