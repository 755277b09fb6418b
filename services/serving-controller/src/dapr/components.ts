import {
  apiVersionOf,
  childMeta,
  DAPR_COMPONENT,
  daprModeOf,
  type Kind,
  type KubeObject,
  RESOURCE_REF,
  type ServingSpec,
} from '@openfunction/api';
import type { Owner } from '../resources/children.ts';
import { managedLabels } from '../resources/labels.ts';
import { appId } from './annotations.ts';
import { componentName, declaredComponents } from './references.ts';

/** The Dapr Components that a Serving declares, each for this function alone (controllers.md §3.6). */
export function makeComponents(owner: Owner): KubeObject[] {
  const { serving } = owner;
  return declaredComponents(serving.spec).map((declared) => ({
    apiVersion: apiVersionOf(DAPR_COMPONENT),
    kind: DAPR_COMPONENT.kind,
    metadata: childMeta(serving, componentName(owner, declared), { labels: managedLabels(serving) }),
    spec: declared.spec,
    scopes: [appId(serving)],
  }));
}

/** How the status names them: joined by commas. */
export function refsOfDapr(owner: Owner): Record<string, string> {
  const names = declaredComponents(owner.serving.spec).map((declared) => componentName(owner, declared));
  return names.length === 0 ? {} : { [RESOURCE_REF.daprComponents]: names.join(',') };
}

/** The kind whose absence says that Dapr is not installed, for a function that uses it. */
export function neededByDapr(spec: ServingSpec): Kind[] {
  return daprModeOf(spec) === 'off' && declaredComponents(spec).length === 0 ? [] : [DAPR_COMPONENT];
}
