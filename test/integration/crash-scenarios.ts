import {
  BUILDER,
  CONTROLLER_REVISION,
  DAPR_COMPONENT,
  DEPLOYMENT,
  HTTP_ROUTE,
  HTTP_SCALED_OBJECT,
  type Kind,
  KNATIVE_SERVICE,
  REFERENCE_GRANT,
  SCALED_OBJECT,
  SERVICE,
  SERVING,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
} from '@openfunction/api';
import { type FunctionSketch, SERVINGS } from '@openfunction/testing';

/** A way of one Function to Ready, in which every write is a point to be killed at. */
export interface Scenario {
  name: string;
  /** What is applied, one after the other, each when the one before is served and at rest. The points are those of the last one. */
  steps: readonly Omit<FunctionSketch, 'namespace' | 'name'>[];
  /** Who writes. */
  services: readonly string[];
  /** How many objects of each kind come into being, and how many of them are there in the end: the others are gone. */
  objects: readonly ObjectCount[];
}

export interface ObjectCount {
  kind: Kind;
  made: number;
  /** As many as are made, if not given. */
  left?: number;
}

const FUNCTION_AND_SERVING = ['function-controller', 'serving-controller'];
/** What every Function that is served has. */
const SERVED: readonly ObjectCount[] = [
  { kind: SERVING, made: 1 },
  { kind: CONTROLLER_REVISION, made: 1 },
  { kind: SERVICE, made: 1 },
];
const ROUTED: readonly ObjectCount[] = [...SERVED, { kind: HTTP_ROUTE, made: 1 }];
/** Of the two, one leads to the function and one to its Dapr proxy. */
const TWO_SERVICES: ObjectCount = { kind: SERVICE, made: 2 };

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'build-and-serve',
    steps: [{ build: true }],
    services: ['build-controller', ...FUNCTION_AND_SERVING],
    // A Builder that has succeeded goes, and with it what it made: by default none is kept.
    objects: [
      ...ROUTED,
      { kind: KNATIVE_SERVICE, made: 1 },
      { kind: BUILDER, made: 1, left: 0 },
      { kind: SHIPWRIGHT_BUILD, made: 1, left: 0 },
      { kind: SHIPWRIGHT_BUILD_RUN, made: 1, left: 0 },
    ],
  },
  {
    name: 'knative-dapr',
    steps: [{ serving: SERVINGS.knativeDapr }],
    services: FUNCTION_AND_SERVING,
    objects: [
      ...ROUTED.filter(({ kind }) => kind !== SERVICE),
      TWO_SERVICES,
      { kind: KNATIVE_SERVICE, made: 1 },
      { kind: DAPR_COMPONENT, made: 2 },
      { kind: DEPLOYMENT, made: 1 },
    ],
  },
  {
    name: 'keda-http',
    steps: [{ serving: SERVINGS.kedaHttp }],
    services: FUNCTION_AND_SERVING,
    objects: [
      ...ROUTED.filter(({ kind }) => kind !== SERVICE),
      { kind: SERVICE, made: 2 },
      { kind: DEPLOYMENT, made: 1 },
      { kind: HTTP_SCALED_OBJECT, made: 1 },
      { kind: REFERENCE_GRANT, made: 1 },
    ],
  },
  {
    name: 'async',
    steps: [{ serving: SERVINGS.async }],
    services: FUNCTION_AND_SERVING,
    objects: [
      ...SERVED.filter(({ kind }) => kind !== SERVICE),
      // To the function by its name, from the function to its proxy, and back.
      { kind: SERVICE, made: 3 },
      { kind: DAPR_COMPONENT, made: 1 },
      { kind: DEPLOYMENT, made: 2 },
      { kind: SCALED_OBJECT, made: 2 },
    ],
  },
  {
    name: 'async-switch',
    steps: [{ serving: SERVINGS.async }, { serving: SERVINGS.async, spec: { version: 'v2.0.0' } }],
    services: FUNCTION_AND_SERVING,
    objects: [
      { kind: SERVING, made: 2, left: 1 },
      { kind: CONTROLLER_REVISION, made: 2 },
      { kind: SERVICE, made: 5, left: 3 },
      { kind: DAPR_COMPONENT, made: 2, left: 1 },
      { kind: DEPLOYMENT, made: 4, left: 2 },
      { kind: SCALED_OBJECT, made: 4, left: 2 },
    ],
  },
];
