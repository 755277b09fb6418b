import { isSameSetting, type Route, type ScaleOptions, type ServeSpec } from '@openfunction/api';

/*
 * Of the fields that are changed in place, these fit only the way a function is called and scaled. A version that comes back, or that goes
 * on instead of the present spec, may be called in another way: then it has its own.
 *
 *   route         the present one, where the present spec is called by HTTP; else that of the version
 *   scaleOptions  the present ones, for the same engine, triggers, workload type and scalers; else those of the version
 */

export interface InPlace {
  route?: Route;
  scaleOptions?: ScaleOptions;
}

export function inPlaceOf({ triggers, scaleOptions }: ServeSpec): InPlace {
  const { route } = triggers?.http ?? {};
  return { ...(route !== undefined && { route }), ...(scaleOptions !== undefined && { scaleOptions }) };
}

/** The fields for a version with this content: the present ones where they fit it, else its own. */
export function fitting(present: ServeSpec, version: ServeSpec, own: InPlace): InPlace {
  const wanted = inPlaceOf(present);
  const { route } = present.triggers?.http == null ? own : wanted;
  const { scaleOptions } = isScaledAlike(present, { ...version, scaleOptions: own.scaleOptions }) ? wanted : own;
  return { ...(route !== undefined && { route }), ...(scaleOptions !== undefined && { scaleOptions }) };
}

/** Admission has accepted the fields in place for these triggers, this workload and these scalers, and for no others. */
export function isCalledAlike(present: ServeSpec | undefined, live: ServeSpec): boolean {
  return present !== undefined && isSameSetting(callOf(present), callOf(live));
}

/** The port says nothing of scaling; what the Go operator left unset it may have written as an empty text. */
function isScaledAlike(present: ServeSpec, version: ServeSpec): boolean {
  return isSameSetting(scalingOf(present), scalingOf(version));
}

function callOf(spec: ServeSpec) {
  const { route: _route, ...http } = spec.triggers?.http ?? {};
  const { workloadType } = spec;
  const calledBy = spec.triggers?.http == null ? 'none' : { ...http, isGiven: true };
  return { ...spec.triggers, http: calledBy, workloadType, scalers: scalersOf(spec) };
}

function scalingOf(spec: ServeSpec) {
  const { triggers } = spec;
  const http = triggers?.http == null ? 'none' : triggers.http.engine || 'knative';
  return { ...triggers, http, workloadType: spec.workloadType || 'Deployment', scalers: scalersOf(spec) };
}

function scalersOf({ scaleOptions }: ServeSpec): string {
  return scaleOptions?.keda == null ? 'none' : `keda ${Object.keys(scaleOptions.keda).sort()}`;
}
