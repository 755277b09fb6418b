import {
  DAPR_COMPONENT,
  type DaprComponent,
  daprModeOf,
  isAbsent,
  type KubeObject,
  RESOURCE_REF,
  type ServingSpec,
} from '@openfunction/api';
import { nameChild, type Owner } from '../resources/children.ts';

/** The Components that a Serving declares, and those that its triggers, inputs and outputs speak of (controllers.md §3.6). */

/** Where components are declared, and how the name of each says so. */
const PLACES = ['bindings', 'pubsub', 'state'] as const;
type Place = (typeof PLACES)[number];

/** A component that the Serving makes. */
export interface Declared {
  place: Place;
  key: string;
  spec: DaprComponent;
}

/** Who owns Components, and which ones others have made. */
export interface ComponentWorld extends Owner {
  components: ReadonlyMap<string, KubeObject>;
}

/** A component as contexts speak of it. */
export interface Resolved {
  /** Name of the Component object. */
  componentName: string;
  /** e.g. `pubsub.kafka`; empty when nobody says it. */
  componentType: string;
}

interface Reference {
  name: string;
  type?: string | undefined;
}

/** One for each entry of `bindings` and `pubsub`, and of `states` with a spec, in a fixed order. */
export function declaredComponents(spec: ServingSpec): Declared[] {
  return PLACES.flatMap((place) =>
    Object.entries(entriesOf(spec, place))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([key, component]) => (isAbsent(component) ? [] : [{ place, key, spec: component }])),
  );
}

/** Name of the Component of a declaration. */
export function componentName(world: Owner, { place, key }: Pick<Declared, 'place' | 'key'>): string {
  const recorded = world.serving.status?.resourceRef?.[RESOURCE_REF.daprComponents];
  return nameChild(world, { kind: DAPR_COMPONENT, what: `${place}-${key}`, key: `${place}/${key}`, recorded });
}

/** The Component that a reference means: one declared here, else the one of that name, which somebody else has made. */
export function resolve(world: ComponentWorld, { name, type }: Reference): Resolved {
  const componentType = type || declaredType(world.serving.spec, name) || typeOf(world.components.get(name));
  const declared = declarationOf(world.serving.spec, name, componentType);
  return { componentName: declared === undefined ? name : componentName(world, declared), componentType };
}

/** State stores, by key: a key without a spec is the name of a Component that somebody else has made. */
export function resolveStates(world: ComponentWorld): Record<string, Resolved> {
  const states = Object.entries(world.serving.spec.states ?? {});
  return Object.fromEntries(states.map(([key]) => [key, resolveState(world, key)]));
}

function resolveState(world: ComponentWorld, key: string): Resolved {
  const spec = world.serving.spec.states?.[key]?.spec;
  if (!isAbsent(spec))
    return { componentName: componentName(world, { place: 'state', key }), componentType: spec.type };
  return { componentName: key, componentType: typeOf(world.components.get(key)) };
}

/**
 * What is wrong with the references, one sentence each: a component that nobody says the type of, or of which two sources say
 * different types. The function could not start with them.
 */
export function componentProblems(world: ComponentWorld): string[] {
  return referencesOf(world.serving.spec).flatMap(([path, reference]) => problemOf(world, path, reference));
}

/**
 * References, one sentence each, to components that nobody has made yet, though their type is given. Somebody may make them later, so the
 * function starts; until then it gets no events from there, and what it sends there fails. Where Dapr is off, or HTTP wins over the triggers,
 * nothing of it is needed.
 */
export function absentComponents(world: ComponentWorld): string[] {
  const { spec, metadata } = world.serving;
  if (daprModeOf(spec) === 'off') return [];
  const isCalledByHttp = !isAbsent(spec.triggers?.http);
  return referencesOf(spec).flatMap(([path, { name }]) => {
    const isUnused = isCalledByHttp && path.startsWith('triggers.dapr[');
    if (isUnused || declaredType(spec, name) !== '' || world.components.has(name)) return [];
    return [
      `spec.serving.${path}: ${doesNotExist(name, metadata.namespace)}: create it, or declare it in bindings, pubsub or states.`,
    ];
  });
}

/** Names by which a Serving speaks of Components that it does not declare: somebody else makes those. */
export function foreignComponents(spec: ServingSpec): string[] {
  const declared = new Set(declaredComponents(spec).map(({ key }) => key));
  const named = new Set(referencesOf(spec).map(([, { name }]) => name));
  return [...named].filter((name) => !declared.has(name));
}

/** Every place in the spec that speaks of a component, with its path there. */
function referencesOf({ triggers, outputs, states }: ServingSpec): [string, Reference][] {
  const places: [string, Reference | undefined][] = [
    ...(triggers?.dapr ?? []).map((each, at): [string, Reference] => [`triggers.dapr[${at}]`, each]),
    ...(triggers?.inputs ?? []).map(({ dapr }, at): [string, typeof dapr] => [`triggers.inputs[${at}].dapr`, dapr]),
    ...(outputs ?? []).map(({ dapr }, at): [string, typeof dapr] => [`outputs[${at}].dapr`, dapr]),
    ...Object.entries(states ?? {}).flatMap(([key, state]): [string, Reference][] =>
      isAbsent(state?.spec) ? [[`states.${key}`, { name: key }]] : [],
    ),
  ];
  return places.flatMap(([path, reference]) => (isAbsent(reference) ? [] : [[path, reference]]));
}

function problemOf(world: ComponentWorld, path: string, { name, type }: Reference): string[] {
  const { spec, metadata } = world.serving;
  const known = declaredType(spec, name) || typeOf(world.components.get(name));
  if (known === '' && !type) {
    return [
      `spec.serving.${path}: ${doesNotExist(name, metadata.namespace)}, and no type is given: create it, or declare it in bindings, pubsub or states.`,
    ];
  }
  if (!type || known === '' || known === type || declarationOf(spec, name, type) !== undefined) return [];
  return [
    `spec.serving.${path}: type ${JSON.stringify(type)} contradicts ${JSON.stringify(known)}, the type of component ${JSON.stringify(name)}.`,
  ];
}

function doesNotExist(name: string, namespace: string | undefined): string {
  return `Component ${JSON.stringify(name)} does not exist in namespace ${namespace}`;
}

/** The declaration of that key whose type it is; a key may be declared in several places. */
function declarationOf(spec: ServingSpec, key: string, type: string): Declared | undefined {
  return declaredComponents(spec).find((each) => each.key === key && each.spec.type === type);
}

function declaredType(spec: ServingSpec, key: string): string {
  return declaredComponents(spec).find((each) => each.key === key)?.spec.type ?? '';
}

function typeOf(component: KubeObject | undefined): string {
  return component?.['spec']?.type ?? '';
}

function entriesOf(spec: ServingSpec, place: Place): Record<string, DaprComponent | null | undefined> {
  if (place !== 'state') return spec[place] ?? {};
  return Object.fromEntries(Object.entries(spec.states ?? {}).map(([key, state]) => [key, state?.spec]));
}
