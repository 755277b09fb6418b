import { ANNOTATION, type Function, REASON, type Serving } from '@openfunction/api';
import type { FunctionSeen } from './observe.ts';
import type { PartCondition } from './part.ts';
import { contentOf, withBuilder, withContent } from './resources/content.ts';
import { inPlaceOf } from './resources/in-place.ts';
import { newestFirst, type Version } from './resources/version.ts';

/*
 *   no annotation ───────────────► the present spec is served
 *   number of a kept version ────► that one is served, with route and scale options of the present spec where they fit it
 *   any other text ──────────────► what runs goes on, and the condition says which numbers there are
 */

/** What is served in the place of the present spec. */
export interface Substitute {
  /** The Function with the content to serve. */
  fn: Function;
  /** The image of that content; undefined while there is nothing to go on with. */
  image: string | undefined;
  /** What the condition of the serving says of it. */
  say: (condition: PartCondition) => PartCondition;
}

/** Whether, and to what, the user has rolled the Function back. */
export function rollbackOf(seen: FunctionSeen): Substitute | undefined {
  const { fn, versions } = seen;
  const asked = fn.metadata.annotations?.[ANNOTATION.rollbackTo];
  if (asked === undefined || fn.spec.serving === undefined) return undefined;
  const version = versions.find(({ number }) => String(number) === asked);
  return version === undefined
    ? { ...serve(fn, lastServed(seen)), say: () => unknownVersion(seen, asked) }
    : { ...serve(fn, version), say: (condition) => rolledBack(asked, version, condition) };
}

/** What has run, and the fields in place that it had; undefined where nobody has recorded those. */
export type Served = Pick<Version, 'content' | 'inPlace'>;

/** The Function with this content in the place of its own. */
export function serve(fn: Function, served: Served | undefined): Pick<Substitute, 'fn' | 'image'> {
  return served === undefined
    ? { fn: withBuilder(fn, undefined), image: undefined }
    : { fn: withContent(fn, served.content, served.inPlace), image: served.content.spec.image };
}

/** The Serving of the version that was wanted last. */
export function lastServing({ fn, servings }: Pick<FunctionSeen, 'fn' | 'servings'>): Serving | undefined {
  const { resourceRef = '', lastSuccessfulResourceRef = '' } = fn.status?.serving ?? {};
  return servings.get(resourceRef) ?? servings.get(lastSuccessfulResourceRef);
}

/** What that one runs; where its Serving is lost, what the version ran that was active, else the newest that has run. */
export function lastServed(seen: FunctionSeen): Served | undefined {
  const last = lastServing(seen);
  return last === undefined
    ? lostVersion(seen)
    : { content: contentOf(last.spec, last), inPlace: inPlaceOf(last.spec) };
}

/** Of a Function that is meant to run and has no Serving. */
function lostVersion({ fn, versions }: FunctionSeen): Version | undefined {
  if (fn.status?.serving?.resourceRef === undefined) return undefined;
  const active = fn.status.versions?.find((version) => version.active)?.number;
  const [newest] = newestFirst(versions);
  return versions.find(({ number }) => number === active) ?? newest;
}

function rolledBack(asked: string, { content }: Version, condition: PartCondition): PartCondition {
  if (condition.status !== 'True') {
    return {
      ...condition,
      message: `${condition.message} (The annotation ${ANNOTATION.rollbackTo} asks for version ${asked}.)`,
    };
  }
  const { image } = content.spec;
  const limit = image.includes('@')
    ? ''
    : ` It was recorded without a digest: what ${image} names by now is what runs.`;
  const message =
    `Version ${asked} is served, as the annotation ${ANNOTATION.rollbackTo} says: other changes of the Function are built, ` +
    `but not served, until it is removed.${limit}`;
  return { status: 'True', reason: REASON.rolledBack, message };
}

function unknownVersion({ versions }: FunctionSeen, asked: string): PartCondition {
  const numbers = versions.map(({ number }) => number).sort((a, b) => b - a);
  const kept = numbers.length === 0 ? 'no version has run yet' : `there are ${numbers.join(', ')}`;
  const message =
    `The annotation ${ANNOTATION.rollbackTo} asks for version "${asked.slice(0, 64)}", which is not kept: ${kept}. ` +
    'What runs goes on; name a version that is kept, or remove the annotation.';
  return { status: 'False', reason: REASON.versionUnknown, message };
}
