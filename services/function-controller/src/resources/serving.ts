import { childMeta, type Function, LABEL, type Serving, type ServingSpec } from '@openfunction/api';
import { appliable, meaningful, servingHash, withBuilder } from './content.ts';
import { traceOf } from './trace.ts';

/** The wanted spec of the Serving: `spec.serving`, and what it shares with the Function (controllers.md §1.7). */
export function makeServingSpec(fn: Function, image: string): ServingSpec | undefined {
  if (fn.spec.serving === undefined) return undefined;
  const { version, imageCredentials } = fn.spec;
  return {
    ...appliable(fn.spec.serving),
    ...(version !== undefined && { version }),
    ...(imageCredentials !== undefined && { imageCredentials }),
    image,
  };
}

/** Hash of all that is to be served but the image; undefined where nothing is. */
export function settingsHash(fn: Function): string | undefined {
  const spec = makeServingSpec(fn, '');
  return spec && servingHash(spec, withBuilder(fn, undefined));
}

/** The Serving of that name. */
export function makeServing(fn: Function, name: string, spec: ServingSpec, existing: Serving | undefined): Serving {
  return {
    apiVersion: 'core.openfunction.io/v1beta2',
    kind: 'Serving',
    metadata: childMeta(fn, name, {
      labels: { [LABEL.function]: fn.metadata.name },
      annotations: { ...meaningful(fn.metadata), ...traceOf(fn, existing) },
    }),
    spec: withoutEmptied(spec),
  };
}

/**
 * Without the maps that hold nothing among what is changed in place: the API server refuses an apply that empties one which held
 * something (it becomes null). What is under `keda` stays: there an empty map says something.
 */
function withoutEmptied({ scaleOptions, labels, annotations, ...rest }: ServingSpec): ServingSpec {
  const { knative, ...others } = scaleOptions ?? {};
  const scale = { ...others, ...unlessEmpty('knative', knative) };
  return {
    ...rest,
    ...unlessEmpty('scaleOptions', scale),
    ...unlessEmpty('labels', labels),
    ...unlessEmpty('annotations', annotations),
  };
}

function unlessEmpty(name: string, map: object | null | undefined): object {
  return Object.keys(map ?? {}).length === 0 ? {} : { [name]: map };
}
