import {
  ANNOTATION,
  apiVersionOf,
  type Builder,
  buildName,
  buildRunName,
  childMeta,
  contentHash,
  type KubeObject,
  LABEL,
  RESOURCE_REF,
  SHIPWRIGHT_BUILD,
  SHIPWRIGHT_BUILD_RUN,
  shortHash,
} from '@openfunction/api';
import { makeStepEnv } from './env.ts';
import { makeParams, type Target } from './params.ts';
import type { Shape } from './shape.ts';
import { shapeV1Alpha1 } from './shape-v1alpha1.ts';
import { shapeV1Beta1 } from './shape-v1beta1.ts';
import { wantedStrategy } from './strategy.ts';
import { timeLimit } from './time-limit.ts';
import type { ShipwrightVersion } from './version.ts';

/** Names of the two Shipwright objects of a Builder. */
export interface ShipwrightNames {
  build: string;
  run: string;
}

const SHAPES: Record<ShipwrightVersion, Shape> = { v1beta1: shapeV1Beta1, v1alpha1: shapeV1Alpha1 };

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

/** The Shipwright Build of a Builder: controllers.md §2.3. */
export function makeBuild(builder: Builder, target: Target): KubeObject {
  const shape = SHAPES[target.version];
  const paramValues = makeParams(builder, target);
  const env = target.declared && makeStepEnv(builder, target.declared);
  const timeout = timeLimit(builder)?.limit;
  return {
    apiVersion: apiVersionOf(SHIPWRIGHT_BUILD, target.version),
    kind: SHIPWRIGHT_BUILD.kind,
    metadata: meta(builder, shipwrightNames(builder).build),
    spec: {
      source: shape.source(builder),
      strategy: wantedStrategy(builder.spec),
      ...shape.tools(builder),
      ...(paramValues.length > 0 && { paramValues }),
      ...(env !== undefined && { env }),
      ...(timeout !== undefined && { timeout }),
      output: shape.output(builder),
    },
  };
}

/** The one BuildRun of a Builder. */
export function makeBuildRun(
  builder: Builder,
  { version, cancel }: { version: ShipwrightVersion; cancel: boolean },
): KubeObject {
  const names = shipwrightNames(builder);
  return {
    apiVersion: apiVersionOf(SHIPWRIGHT_BUILD_RUN, version),
    kind: SHIPWRIGHT_BUILD_RUN.kind,
    metadata: meta(builder, names.run),
    spec: { ...SHAPES[version].run(names.build), ...(cancel && { state: 'BuildRunCanceled' }) },
  };
}

function meta(builder: Builder, name: string) {
  const traceparent = builder.metadata.annotations?.[ANNOTATION.traceparent];
  return childMeta(builder, name, {
    labels: { [LABEL.builder]: builder.metadata.name, ...builder.metadata.labels },
    ...(traceparent !== undefined && { annotations: { [ANNOTATION.traceparent]: traceparent } }),
  });
}
