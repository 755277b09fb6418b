import {
  ANNOTATION,
  apiVersionOf,
  childMeta,
  type Kind,
  KNATIVE_SERVICE,
  type KubeObject,
  RESOURCE_REF,
  type Serving,
} from '@openfunction/api';
import { makeComponents, neededByDapr, refsOfDapr } from '../../dapr/components.ts';
import { makeProxy, proxyRef } from '../../dapr/proxy.ts';
import { makeProxyServices } from '../../dapr/proxy-service.ts';
import { traceAnnotations } from '../../resources/labels.ts';
import type { Engine, EngineInput } from '../engine.ts';
import { revisionKeys, settleTemplate } from './revision.ts';
import { knativeServiceOf, liveService, makeTemplate, reservedLabels } from './template.ts';

/** Knative Serving (controllers.md §3.9). */
export const knativeEngine: Engine = {
  name: 'Knative',
  needs,
  make: (input) => [...makeComponents(input), ...makeProxyServices(input), makeKnative(input), ...makeProxy(input)],
  refer: (input) => {
    const name = knativeServiceOf(input);
    return {
      resourceRef: { [RESOURCE_REF.knativeService]: name, ...refsOfDapr(input), ...proxyRef(input) },
      service: name,
    };
  },
};

function needs({ spec }: Serving): Kind[] {
  return [KNATIVE_SERVICE, ...neededByDapr(spec)];
}

/** The Knative Service. One that is there keeps its template as long as its pods would be the same (see revision.ts). */
function makeKnative(input: EngineInput): KubeObject {
  const { serving } = input;
  const name = knativeServiceOf(input);
  const live = liveService(input);
  const wanted = makeTemplate(input);
  const keys = revisionKeys(serving, live, wanted);
  const annotations = {
    ...traceAnnotations(serving),
    ...(keys !== undefined && { [ANNOTATION.revisionKeys]: keys }),
  };
  return {
    apiVersion: apiVersionOf(KNATIVE_SERVICE),
    kind: KNATIVE_SERVICE.kind,
    metadata: childMeta(serving, name, { labels: reservedLabels(serving), annotations }),
    spec: { template: settleTemplate(serving, name, live, wanted) },
  };
}
