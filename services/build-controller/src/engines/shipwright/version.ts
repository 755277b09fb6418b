import { SHIPWRIGHT_BUILD } from '@openfunction/api';

/** The versions of Shipwright's API that are spoken here. */
export type ShipwrightVersion = 'v1beta1' | 'v1alpha1';

/** The version of both kinds; undefined where one is not served, or not under the same version (while Shipwright is upgraded). */
export function versionOf(build: string | undefined, run: string | undefined): ShipwrightVersion | undefined {
  return build === run && isSpoken(build) ? build : undefined;
}

function isSpoken(version: string | undefined): version is ShipwrightVersion {
  return version !== undefined && SHIPWRIGHT_BUILD.versions.includes(version);
}
