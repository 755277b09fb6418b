import { REVIEWED_KINDS, type ReviewedKind } from '@openfunction/admission';
import { apiVersionOf, isObject } from '@openfunction/api';

/** What the rows of a kind's tables give as examples, in the version that is reviewed. */
export interface Samples {
  reviewed: ReviewedKind;
  /** Examples that a rule accepts or a default makes. */
  good: readonly Json[];
  /** All examples. */
  all: readonly Json[];
  /** Examples that are as large as an object may be, or larger. */
  large: readonly Json[];
  /** Examples of updates. */
  updates: readonly { object: Json; old: Json }[];
}

export type Json = Record<string, unknown>;

/** The examples of every kind and version that is reviewed. */
export const SAMPLES: readonly Samples[] = REVIEWED_KINDS.map(samplesOf);

function samplesOf(reviewed: ReviewedKind): Samples {
  const { rules, defaults, view } = reviewed;
  const stored = (object: unknown) => reverted(reviewed, object);
  const sent = (object: unknown) => headed(reviewed, reviewed.version, object);
  const ownRules = view?.rules ?? [];
  const good = [
    ...rules.map(({ accepts }) => stored(accepts)),
    ...defaults.flatMap(({ before, after }) => [stored(before), stored(after)]),
    ...ownRules.map(({ accepts }) => sent(accepts)),
  ];
  const bad = [...rules.map(({ refuses }) => stored(refuses)), ...ownRules.map(({ refuses }) => sent(refuses))];
  const updates = [
    ...rules
      .filter(({ seen }) => seen?.old !== undefined)
      .flatMap(({ accepts, refuses, seen }) =>
        [accepts, refuses].map((object) => ({ object: stored(object), old: stored(seen?.old) })),
      ),
    ...defaults
      .filter(({ old }) => old !== undefined)
      .map(({ before, old }) => ({ object: stored(before), old: stored(old) })),
  ];
  const all = [...good, ...bad];
  const small = (examples: readonly Json[]) => examples.filter((example) => !isLarge(example));
  return { reviewed, good: small(good), all: small(all), large: all.filter(isLarge), updates };
}

/** Large ones would cost more time than all others together. */
function isLarge(example: Json): boolean {
  return JSON.stringify(example).length > 20_000;
}

/** An example of the tables' version in the version that is reviewed. */
function reverted(reviewed: ReviewedKind, object: unknown): Json {
  const { kind, view } = reviewed;
  const headedObject = headed(reviewed, kind.versions[0], object);
  return view === undefined ? headedObject : (view.revert(headedObject) as Json);
}

/** The object with the head that every object has. */
export function headed({ kind }: ReviewedKind, version: string, object: unknown): Json {
  const members = isObject(object) ? object : {};
  const metadata = isObject(members['metadata']) ? members['metadata'] : {};
  return {
    ...members,
    apiVersion: apiVersionOf(kind, version),
    kind: kind.kind,
    metadata: { name: 'sample', namespace: 'default', ...metadata },
  };
}

/** Values of leaves in all examples, by the name of their field: words that mean something there. */
export const WORDS: ReadonlyMap<string, readonly unknown[]> = wordsOf(SAMPLES.flatMap(({ all }) => all));

function wordsOf(examples: readonly Json[]): Map<string, readonly unknown[]> {
  const words = new Map<string, Set<unknown>>();
  const note = (name: string, value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) note(name, item);
    else if (isObject(value)) for (const [field, inner] of Object.entries(value)) note(field, inner);
    else words.set(name, (words.get(name) ?? new Set()).add(value));
  };
  for (const example of examples) note('', example);
  return new Map([...words].map(([name, values]) => [name, [...values]]));
}
