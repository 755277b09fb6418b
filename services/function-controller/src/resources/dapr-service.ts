import { childMeta, eventServiceSpec, type Function, type KubeObject, LABEL, type Serving } from '@openfunction/api';

/** The Service of the function's name (controllers.md §1.9.4, §3.5): it leads to the pods of the version that serves. */
export function makeDaprService(fn: Function, serving: Serving): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMeta(fn, fn.metadata.name),
    spec: eventServiceSpec(serving),
  };
}

/** The Serving that a Service leads to; undefined when it is none of these Services. */
export function selectedServing(service: KubeObject | undefined): string | undefined {
  return service?.['spec']?.selector?.[LABEL.serving];
}

/** Whether a Service can become another by an update: the API server changes neither type nor address of its own accord. */
export function isSameKind(live: KubeObject, wanted: KubeObject): boolean {
  return addressKind(live) === addressKind(wanted);
}

function addressKind({ spec }: KubeObject): string {
  if (spec.type === 'ExternalName') return 'ExternalName';
  return spec.clusterIP === 'None' ? 'headless' : 'ClusterIP';
}
