import { type Builder, isGiven } from '@openfunction/api';
import type { Shape } from './shape.ts';

/** shipwright.io/v1alpha1 (v0.11, as the original uses it): controllers.md §2.3. */
export const shapeV1Alpha1: Shape = {
  source: makeSource,
  tools: makeTools,
  output: ({ spec }) => makeImage(spec.image, spec.imageCredentials),
  run: (build) => ({ buildRef: { name: build }, serviceAccount: { generate: true } }),
};

/** A bundle wins over a URL, as in the original. */
function makeSource({ spec }: Builder): object {
  const { url, revision, bundleContainer, sourceSubPath, credentials } = spec.srcRepo;
  return {
    ...(bundleContainer === undefined ? { url } : { bundleContainer: { image: bundleContainer.image } }),
    ...(isGiven(revision) && { revision }),
    ...(isGiven(sourceSubPath) && { contextDir: sourceSubPath }),
    ...named(credentials),
  };
}

function makeTools({ spec }: Builder): object {
  return {
    ...(isGiven(spec.builder) && { builder: makeImage(spec.builder, spec.builderCredentials) }),
    ...(isGiven(spec.dockerfile) && { dockerfile: spec.dockerfile }),
  };
}

function makeImage(image: string, credentials: { name?: string } | undefined): object {
  return { image, ...named(credentials) };
}

function named(credentials: { name?: string } | undefined): object {
  return isGiven(credentials?.name) ? { credentials: { name: credentials.name } } : {};
}
