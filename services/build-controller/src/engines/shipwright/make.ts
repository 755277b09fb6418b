import {
  ANNOTATION,
  type Builder,
  buildName,
  buildRunName,
  childMeta,
  contentHash,
  DEFAULT_BUILD_STRATEGY,
  type KubeObject,
  LABEL,
  RESOURCE_REF,
  shortHash,
} from '@openfunction/api';

/** Names of the two Shipwright objects of a Builder. */
export interface ShipwrightNames {
  build: string;
  run: string;
}

/**
 * As recorded in the Builder's status, else derived from what is built: the same Builder always gives the same names, also when
 * limits on time and history change.
 */
export function shipwrightNames(builder: Builder): ShipwrightNames {
  const recorded = builder.status?.resourceRef ?? {};
  const {
    state: _state,
    timeout: _timeout,
    successfulBuildsHistoryLimit: _succeeded,
    failedBuildsHistoryLimit: _failed,
    builderMaxAge: _age,
    ...content
  } = builder.spec;
  const hash = shortHash(builder.metadata.uid ?? '', contentHash(content));
  return {
    build: recorded[RESOURCE_REF.shipwrightBuild] ?? buildName(builder.metadata.name, hash),
    run: recorded[RESOURCE_REF.shipwrightBuildRun] ?? buildRunName(builder.metadata.name, hash),
  };
}

/** The Shipwright Build (shipwright.io/v1beta1) of a Builder: controllers.md §2.3. */
export function makeBuild(builder: Builder): KubeObject {
  const { spec } = builder;
  const timeout = spec.timeout ?? spec.shipwright?.timeout;
  return {
    apiVersion: 'shipwright.io/v1beta1',
    kind: 'Build',
    metadata: meta(builder, shipwrightNames(builder).build),
    spec: {
      source: makeSource(builder),
      strategy: spec.shipwright?.strategy ?? { ...DEFAULT_BUILD_STRATEGY },
      ...withParams(makeParams(builder)),
      ...(timeout !== undefined && { timeout }),
      output: {
        image: spec.image,
        ...(spec.imageCredentials?.name !== undefined && { pushSecret: spec.imageCredentials.name }),
      },
    },
  };
}

/** The one BuildRun of a Builder, under a throw-away ServiceAccount. */
export function makeBuildRun(builder: Builder, options: { cancel: boolean }): KubeObject {
  const names = shipwrightNames(builder);
  return {
    apiVersion: 'shipwright.io/v1beta1',
    kind: 'BuildRun',
    metadata: meta(builder, names.run),
    spec: {
      build: { name: names.build },
      serviceAccount: '.generate',
      ...(options.cancel && { state: 'BuildRunCanceled' }),
    },
  };
}

function meta(builder: Builder, name: string) {
  const traceparent = builder.metadata.annotations?.[ANNOTATION.traceparent];
  return childMeta(builder, name, {
    labels: { [LABEL.builder]: builder.metadata.name, ...builder.metadata.labels },
    ...(traceparent !== undefined && { annotations: { [ANNOTATION.traceparent]: traceparent } }),
  });
}

/** A bundle wins over a URL, as in the original. */
function makeSource(builder: Builder) {
  const { url, revision, bundleContainer, sourceSubPath, credentials } = builder.spec.srcRepo;
  const contextDir = sourceSubPath === undefined ? {} : { contextDir: sourceSubPath };
  const secret = credentials?.name;
  if (bundleContainer !== undefined) {
    const ociArtifact = { image: bundleContainer.image, ...(secret !== undefined && { pullSecret: secret }) };
    return { type: 'OCI', ociArtifact, ...contextDir };
  }
  const git = {
    url,
    ...(revision !== undefined && { revision }),
    ...(secret !== undefined && { cloneSecret: secret }),
  };
  return { type: 'Git', git, ...contextDir };
}

function makeParams(builder: Builder): Record<string, unknown>[] {
  const { spec } = builder;
  const own = spec.shipwright?.params ?? [];
  const params: Record<string, unknown>[] = [];
  if (spec.builder !== undefined) params.push({ name: 'builder-image', value: spec.builder });
  if (spec.dockerfile !== undefined) params.push({ name: 'dockerfile', value: spec.dockerfile });
  for (const param of own) params.push({ ...param });
  if (Object.keys(spec.env ?? {}).length > 0) params.push({ name: 'ENV_VARS', value: envText(spec.env ?? {}) });
  return params;
}

/** `k1=v1#k2=v2#`, sorted by name: the form that the strategies split. */
function envText(env: Record<string, string>): string {
  const pairs = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.map(([name, value]) => `${name}=${value}#`).join('');
}

function withParams(paramValues: Record<string, unknown>[]) {
  return paramValues.length === 0 ? {} : { paramValues };
}
