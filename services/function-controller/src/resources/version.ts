import {
  ANNOTATION,
  canonicalJson,
  childMeta,
  contentHash,
  type Function,
  type FunctionVersion,
  isObject,
  type KubeObject,
  LABEL,
  shortHash,
  versionName,
} from '@openfunction/api';
import type { Content } from './content.ts';
import type { InPlace } from './in-place.ts';

/** A version of a Function that has run, as its ControllerRevision records it. */
export interface Version extends Recorded {
  number: number;
  /** Of its content: the same content is the same version. */
  hash: string;
  object: KubeObject;
}

interface Recorded {
  content: Content;
  /** What it was run with last; undefined in one that was recorded before this was. */
  inPlace?: InPlace | undefined;
}

/**
 * The ControllerRevision of one version: named for its content, by the hash of that, so the same version is never recorded twice. Its
 * `data` is immutable, so what is changed in place stands beside it.
 */
export function makeVersion(
  fn: Function,
  { content, inPlace = {} }: Recorded,
  hash: string,
  number: number,
): KubeObject {
  const name = versionName(fn.metadata.name, shortHash(fn.metadata.uid ?? '', hash));
  return {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: childMeta(fn, name, {
      labels: { [LABEL.function]: fn.metadata.name },
      annotations: { [ANNOTATION.inPlace]: canonicalJson(inPlace) },
    }),
    revision: number,
    data: content,
  };
}

/** What has been read of objects that are still in a cache: these never change, and their content is long. */
const read = new WeakMap<KubeObject, Version>();

/** What a ControllerRevision records; undefined where it is none of ours. */
export function readVersion(object: KubeObject): Version | undefined {
  const known = read.get(object);
  if (known !== undefined) return known;
  const { spec, annotations, intercepted } = (object['data'] ?? {}) as Partial<Content>;
  if (typeof spec?.image !== 'string' || typeof object['revision'] !== 'number') return undefined;
  const content = { spec, annotations: annotations ?? {}, ...(intercepted === true && { intercepted }) };
  const inPlace = readInPlace(object.metadata.annotations?.[ANNOTATION.inPlace]);
  const version = { number: object['revision'], hash: contentHash(content), content, inPlace, object };
  read.set(object, version);
  return version;
}

/** Undefined also where somebody has written there what cannot be read: the present fields are taken then. */
function readInPlace(text: string | undefined): InPlace | undefined {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The version as the status lists it. */
export function listedVersion({ number, content, object }: Version, active: boolean): FunctionVersion {
  const { image, version } = content.spec;
  const digest = image.split('@')[1];
  const { creationTimestamp } = object.metadata;
  return {
    number,
    ...(version !== undefined && { version }),
    ...(digest !== undefined && { imageDigest: digest }),
    ...(creationTimestamp !== undefined && { created: creationTimestamp }),
    active,
  };
}

export function newestFirst(versions: readonly Version[]): Version[] {
  return [...versions].sort((a, b) => b.number - a.number);
}
