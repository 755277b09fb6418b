import { type Builder, isGiven } from '@openfunction/api';
import type { Shape } from './shape.ts';

/** shipwright.io/v1beta1 (v0.12 and newer). Builder image and Dockerfile are parameters of the strategy here. */
export const shapeV1Beta1: Shape = {
  source: makeSource,
  tools: () => ({}),
  output: ({ spec }) => ({ image: spec.image, ...named('pushSecret', spec.imageCredentials?.name) }),
  run: (build) => ({ build: { name: build }, serviceAccount: '.generate' }),
};

/** A bundle wins over a URL, as in the original. */
function makeSource({ spec }: Builder): object {
  const { url, revision, bundleContainer, sourceSubPath, credentials } = spec.srcRepo;
  const contextDir = named('contextDir', sourceSubPath);
  const secret = credentials?.name;
  if (bundleContainer !== undefined) {
    return {
      type: 'OCI',
      ociArtifact: { image: bundleContainer.image, ...named('pullSecret', secret) },
      ...contextDir,
    };
  }
  return { type: 'Git', git: { url, ...named('revision', revision), ...named('cloneSecret', secret) }, ...contextDir };
}

function named(field: string, value: string | undefined): object {
  return isGiven(value) ? { [field]: value } : {};
}
