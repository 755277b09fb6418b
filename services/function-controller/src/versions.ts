import { contentHash, type FunctionVersion, type KubeObject } from '@openfunction/api';
import type { FunctionSeen } from './observe.ts';
import type { Outcome } from './part.ts';
import { contentOf } from './resources/content.ts';
import { inPlaceOf } from './resources/in-place.ts';
import { listedVersion, makeVersion, newestFirst, type Version } from './resources/version.ts';
import type { ServingPart } from './serving-half.ts';

/*
 *   a Serving runs for the first time ──► its content is recorded: version 1, 2, 3 …     (content that came back keeps its number)
 *   more than 10 are recorded ──► the oldest go, but for the active one
 */

/** How many versions are kept. */
const MOST_VERSIONS = 10;

/** Records the version that runs, forgets the oldest, and lists them in the status. */
export function planVersions(seen: FunctionSeen, serving: ServingPart): Outcome {
  const { fn, versions } = seen;
  const { running } = serving;
  const ran = running && { content: contentOf(running.spec, running), inPlace: inPlaceOf(running.spec) };
  const hash = ran && contentHash(ran.content);
  const recorded = versions.find((version) => version.hash === hash);
  const number = recorded?.number ?? 1 + Math.max(0, ...versions.map((version) => version.number));
  const active = hash ?? activeHash(serving);
  const isNew = hash !== undefined && recorded === undefined;
  return {
    apply: ran === undefined || hash === undefined ? [] : [makeVersion(fn, ran, hash, number)],
    remove: surplus(versions, active, isNew ? MOST_VERSIONS - 1 : MOST_VERSIONS),
    status: { versions: listed(versions, active) },
    events: [],
  };
}

/** Of an older Serving, which goes on while the wanted one does not run. */
function activeHash({ active }: ServingPart): string | undefined {
  return active && contentHash(contentOf(active.spec, active));
}

function surplus(versions: readonly Version[], active: string | undefined, most: number): KubeObject[] {
  const { length } = versions;
  const others = newestFirst(versions).filter(({ hash }) => hash !== active);
  const kept = others.length < length ? most - 1 : most;
  return others.slice(kept).map(({ object }) => object);
}

function listed(versions: readonly Version[], active: string | undefined): FunctionVersion[] | undefined {
  if (versions.length === 0) return undefined;
  return newestFirst(versions).map((version) => listedVersion(version, version.hash === active));
}
